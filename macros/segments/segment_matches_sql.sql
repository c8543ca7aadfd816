{# One statement that yields as_of_date, customer_id and segment_key for every active segment. The model around it
   imports `features` and `percentiles`. #}
{% macro segment_matches_sql() -%}
    {%- do stop_on_segment_rule_errors() -%}
    {%- set attributes = segment_attributes() -%}
    {%- for segment in segment_rules_to_evaluate() %}
    -- {{ segment.segment_key }}: {{ segment_rule_text(segment) }}
    select
        features.as_of_date,
        features.customer_id,
        {{ text_literal(segment.segment_key) }} as segment_key
    from features
    where
        (
        {%- for conditions in segment.include.values() %}
            {{ 'or ' if not loop.first }}({{ segment_alternative_sql(conditions, attributes) }})
        {%- endfor %}
        )
        {%- for conditions in segment.exclude.values() %}
        and not coalesce({{ segment_alternative_sql(conditions, attributes) }}, false)
        {%- endfor %}
        {%- if segment.scope != 'all' %}
        and features.customer_type = 'person'
        {%- endif %}
    {{ 'union all' if not loop.last }}
    {%- else %}
    select
        features.as_of_date,
        features.customer_id,
        cast(null as {{ dbt.type_string() }}) as segment_key
    from features
    where 1 = 0
    {%- endfor %}
{%- endmacro %}

{# One row per percentile that an active rule names, over customers with at least one order. #}
{% macro segment_percentiles_sql() -%}
    {%- set attributes = segment_attributes() -%}
    {%- set wanted = {} -%}
    {%- for segment in segment_rules_to_evaluate() -%}
        {%- for conditions in segment.include.values() | list + segment.exclude.values() | list -%}
            {%- for condition in conditions if attributes[condition.attribute].value_type == 'number' -%}
                {%- for item in condition.value.split('|') -%}
                    {%- set percentile = segment_percentile(item | trim) -%}
                    {%- if percentile is not none -%}
                        {%- do wanted.update({condition.attribute ~ ':' ~ percentile: [condition.attribute, percentile]}) -%}
                    {%- endif -%}
                {%- endfor -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- for key, pair in wanted | dictsort %}
    select
        {{ text_literal(pair[0]) }} as attribute_name,
        '{{ pair[1] }}' as percentile,
        percentile_cont({{ (pair[1] | float / 100) | round(6) }})
            within group (order by cast(features.{{ adapter.quote(pair[0]) }} as double)) as threshold
    from features
    where features.order_count >= 1
    {{ 'union all' if not loop.last }}
    {%- else %}
    select
        cast(null as {{ dbt.type_string() }}) as attribute_name,
        cast(null as {{ dbt.type_string() }}) as percentile,
        cast(null as double) as threshold
    from features
    where 1 = 0
    {%- endfor %}
{%- endmacro %}
