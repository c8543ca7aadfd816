{# The select over which rules are evaluated: customer_features, with the columns of customer_behaviour_windows that the
   rules of `segments` read (default: the active ones). A macro rather than a view, because a view would go stale when
   the columns below it change. #}
{% macro segment_features(segments=none) -%}
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
