{# The select over which rules are evaluated: customer_features, with the columns of customer_behaviour_windows that the
   rules of `segments` read (default: the active ones). A macro rather than a view, because a view would go stale when
   the columns below it change. `members`: where to look up who is in the segments that those rules refer to. #}
{% macro segment_features(segments=none, members=none) -%}
    {%- if members is not none -%}
        {{ return(segment_features_and_members(
            segment_rules_to_evaluate() if segments is none else segments, '(' ~ segment_features(segments) ~ ')', members
        )) }}
    {%- endif -%}
    {%- set used = [] -%}
    {%- if execute -%}
        {%- set attributes = segment_attributes() -%}
        {%- for name in segment_attributes_read(segment_rules_to_evaluate() if segments is none else segments) -%}
            {%- if attributes[name].get('source_relation') == 'customer_behaviour_windows' -%}
                {%- do used.append(name) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
    {%- if execute and not used -%}
    select * from {{ ref('customer_features') }}
    {%- else -%}
    select
        features.*
        {%- for name in used %},
        windows.{{ adapter.quote(name) }}
        {%- endfor %}

    from {{ ref('customer_features') }} as features
    left join {{ ref('customer_behaviour_windows') }} as windows
        on features.customer_id = windows.customer_id
    {%- endif %}
{%- endmacro %}

{# `features` with a column for every segment that the rules of `segments` refer to, named as in rules: whether the
   customer is in it, by `members`; never null. One join for all, so that a reference costs like any other condition. #}
{% macro segment_features_and_members(segments, features='features', members='lower_matches') -%}
    {%- set keys = [] -%}
    {%- for condition in segment_conditions_of(segments) if condition.value_type == 'segment' -%}
        {%- do keys.append(segment_reference(condition.attribute)) -%}
    {%- endfor -%}
    {%- set keys = keys | unique(case_sensitive=true) | sort -%}
    {%- if not keys -%}{{ return('select * from ' ~ features ~ ' as features') }}{%- endif %}
    select
        features.*
        {%- for key in keys %},
        coalesce(members.{{ adapter.quote('segment:' ~ key) }}, false) as {{ adapter.quote('segment:' ~ key) }}
        {%- endfor %}

    from {{ features }} as features
    left join (
        select
            customer_id
            {%- for key in keys %},
            bool_or(segment_key = {{ text_literal(key) }}) as {{ adapter.quote('segment:' ~ key) }}
            {%- endfor %}

        from {{ members }}
        group by customer_id
    ) as members
        on features.customer_id = members.customer_id
{%- endmacro %}
