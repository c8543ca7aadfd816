{# What rules are evaluated over: customer_features, with the columns of customer_behaviour_windows that an active rule
   of a level, or of all, reads. A macro and not a view, which would outlive a change of the columns below it. #}
{% macro segment_features(level=none) -%}
    {%- set used = [] -%}
    {%- if execute -%}
        {%- set attributes = segment_attributes() -%}
        {%- for segment in segment_rules_to_evaluate(level) -%}
            {%- for conditions in segment.include.values() | list + segment.exclude.values() | list -%}
                {%- for condition in conditions -%}
                    {%- for name in segment_condition_attributes(condition) -%}
                        {%- if attributes[name].get('source_relation') == 'customer_behaviour_windows' and name not in used -%}
                            {%- do used.append(name) -%}
                        {%- endif -%}
                    {%- endfor -%}
                {%- endfor -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endif -%}
    {%- if execute and not used -%}
    select * from {{ ref('customer_features') }}
    {%- else -%}
    select
        features.*
        {%- for name in used | sort %},
        windows.{{ adapter.quote(name) }}
        {%- endfor %}

    from {{ ref('customer_features') }} as features
    left join {{ ref('customer_behaviour_windows') }} as windows
        on features.customer_id = windows.customer_id
    {%- endif %}
{%- endmacro %}
