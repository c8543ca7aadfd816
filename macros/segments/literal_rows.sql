{# A text as an SQL string literal, quotes escaped, so that it can never be read as SQL. #}
{% macro text_literal(value) -%}
    {{ return(adapter.dispatch('text_literal', 'customer_segmentation')(value)) }}
{%- endmacro %}

{% macro default__text_literal(value) -%}
    {{ return("'" ~ (value | string | replace("'", "''")) ~ "'") }}
{%- endmacro %}

{% macro spark__text_literal(value) -%}
    {{ return("'" ~ (value | string | replace("\\", "\\\\") | replace("'", "\\'")) ~ "'") }}
{%- endmacro %}

{# A select that returns dicts as rows, one a line; no rows without dicts. `columns` maps names to data types. #}
{% macro literal_rows(columns, rows) -%}
    select
        {%- for name, data_type in columns.items() %}
        cast({{ name if rows else 'null' }} as {{ data_type }}) as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    {%- if not rows %}
    where 1 = 0
    {%- else %}
    from (
        values
        {%- set literal = adapter.dispatch('text_literal', 'customer_segmentation') %}
        {%- for row in rows %}
        {%- set cells = [] %}
        {%- for name, data_type in columns.items() %}
        {%- set is_whole = row.get(name) is integer and data_type in ['int', 'integer', 'bigint'] %}
        {%- do cells.append('null' if row.get(name) is none else row[name] if is_whole else literal(row[name])) %}
        {%- endfor %}
        ({{ cells | join(', ') }}){{ ',' if not loop.last }}
        {%- endfor %}
    ) as literal_rows ({{ columns | join(', ') }})
    {%- endif %}
{%- endmacro %}
