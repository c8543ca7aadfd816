{# One statement that yields as_of_date, customer_id and segment_key for every active segment of a level, or of all. The
   model around it imports `features`, `percentiles` and, above the first level, `lower_matches`. #}
{% macro segment_matches_sql(level=none) -%}
    {%- do stop_on_segment_rule_errors() -%}
    {%- set attributes = segment_attributes() -%}
    {%- for segment in segment_rules_to_evaluate(level) %}
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

{# One row per percentile that an active rule names: at level 1 those of customers with at least one order, above it those
   over the members of a segment of the level below, which `lower_matches` holds; without a level all of them. #}
{% macro segment_percentiles_sql(level=1, segments=none) -%}
    {%- set attributes = segment_attributes() -%}
    {%- set segments = segment_rules_to_evaluate() if segments is none else segments -%}
    {%- set levels = {none: 0} -%}
    {%- for segment in segments -%}{%- do levels.update({segment.segment_key: segment.level}) -%}{%- endfor -%}
    {%- set wanted = {} -%}
    {%- for segment in segments -%}
        {%- for conditions in segment.include.values() | list + segment.exclude.values() | list -%}
            {%- for condition in conditions if condition.value_type == 'number' -%}
                {%- for item in segment_condition_items(condition) if segment_percentile(item) is not none -%}
                    {%- set base = segment_percentile_base(item) -%}
                    {%- if level is none or levels[base] == level - 1 -%}
                        {%- set percentile = segment_percentile(item) -%}
                        {%- do wanted.update({condition.attribute ~ ':' ~ percentile: [condition.attribute, percentile, base]}) -%}
                    {%- endif -%}
                {%- endfor -%}
            {%- endfor -%}
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
