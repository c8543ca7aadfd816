{# One statement that returns as_of_date, customer_id and segment_key for every given segment. The model around it
   imports `features`, or what is named so, and `percentiles`. #}
{% macro segment_matches_sql(segments, features='features') -%}
    {%- set attributes = segment_attributes() -%}
    {%- for segment in segments %}
    -- {{ segment.segment_key }}: {{ segment_rule_text(segment) }}
    select features.as_of_date, features.customer_id, {{ text_literal(segment.segment_key) }} as segment_key
    from {{ features }}{{ ' as features' if features != 'features' }}
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

{# One row per percentile that the rules of `segments` name: over customers with at least one order or, with of_members,
   over the members of another segment, as listed in `lower_matches`. #}
{% macro segment_percentiles_sql(segments, of_members=false) -%}
    {%- set wanted = {} -%}
    {%- for condition in segment_conditions_of(segments) if condition.value_type == 'number' -%}
        {%- for item in segment_condition_items(condition) -%}
            {%- set percentile = segment_percentile(item) -%}
            {%- set base = segment_percentile_base(item) -%}
            {%- if percentile is not none and (base is not none) == of_members -%}
                {%- do wanted.update({condition.attribute ~ ':' ~ percentile: [condition.attribute, percentile, base]}) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- for key, one in wanted | dictsort %}
    select
        {{ text_literal(one[0]) }} as attribute_name,
        {{ text_literal(one[1]) }} as percentile,
        percentile_cont({{ (one[1].split(' ')[0] | float / 100) | round(6) }})
            within group (order by cast(features.{{ adapter.quote(one[0]) }} as double)) as threshold
    from features
    {%- if one[2] is none %}
    where features.order_count >= 1
    {%- else %}
    inner join lower_matches
        on features.customer_id = lower_matches.customer_id
            and lower_matches.segment_key = {{ text_literal(one[2]) }}
    {%- endif %}
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
