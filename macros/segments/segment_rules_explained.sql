{# The segments that can be explained in this run: active ones, and drafts, paused and other ones whose rule is complete and
   has no fault. A faulty draft is only warned of, and must stop nobody. #}
{% macro segment_rules_explained() -%}
    {%- set errors = ref('int_segment_rule_errors') -%}
    {%- set faulty = [] -%}
    {%- if execute and load_relation(errors) -%}
        {%- for row in run_query(
            "select distinct segment_key from " ~ errors ~ " where seed_name = 'segment_rule_conditions'"
        ).rows -%}
            {%- do faulty.append(row[0]) -%}
        {%- endfor -%}
    {%- endif -%}
    {%- set segments = [] -%}
    {%- for segment in segment_rules() if segment.include and segment.segment_key not in faulty -%}
        {%- if segment.status != 'retired' and not segment.missing and not segment.unavailable -%}
            {%- do segments.append(segment) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(segments) }}
{%- endmacro %}

{# Everything that a rule may speak of, active or not, as a subquery: a filter on customers goes through to the tables. #}
{% macro segment_features_of_all() -%}
    (
        select
            features.*
            {%- for window in behaviour_window_attributes() %},
            windows.{{ adapter.quote(window.attribute_name) }}
            {%- endfor %}
        from {{ ref('customer_features') }} as features
        left join {{ ref('customer_behaviour_windows') }} as windows
            on features.customer_id = windows.customer_id
    )
{%- endmacro %}
