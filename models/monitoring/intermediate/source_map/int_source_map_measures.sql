-- Grain: one row per row of the source map whose source is on: how many records its relation has, how many of
-- them have a value in the column, how many of those values are plausible, and when the newest became known.
{%- set text = dbt.type_string() %}
{#- Called here so that dbt knows what the model depends on before it runs anything. #}
{%- do blocked_patterns('email') %}

{%- set selects = [literal_rows({
    'field': text, 'source': text, 'relation': text, 'column_name': text, 'filter_value': text, 'profile_system': text,
    'row_count': 'bigint', 'filled_count': 'bigint', 'valid_count': 'bigint', 'last_known_at': dbt.type_timestamp()
}, [])] %}
{#- One select per row of the map: on few lines, so that what is compiled stays short. #}
{%- for row in source_map() if row.is_on %}
{%- set column = adapter.quote(row.column_name) %}
{%- set measured %}
    select {{ source_map_key_sql(row) }}, count(*) as row_count, count({{ column }}) as filled_count,
        {% if row.validity -%}
        count(*) filter (where {{ column }} is not null and {{ source_map_validity_sql(row.validity, column) }})
        {%- else -%} cast(null as bigint) {%- endif %} as valid_count, max(known_at) as last_known_at
    from {{ row.table }} where {{ source_map_filter_sql(row) }}
{%- endset %}
{%- do selects.append(measured) %}
{%- endfor %}
with measures as (
    -- noqa: disable=LT02,LT05,LT11,LT14
    {{ union_all(selects) }}
    -- noqa: enable=LT02,LT05,LT11,LT14

)

select * from measures
