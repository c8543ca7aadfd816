{# What approval covers besides the rule, as {part: its name in messages}: the parts of int_segment_uses. #}
{% macro segment_use_parts() -%}
    {{ return({
        'channels': 'channels', 'approved_uses': 'approved uses', 'risk_class': 'risk class',
        'exclusions': 'stated exclusions', 'consent_rules': 'consent rules', 'customer_types': 'customer types',
        'suppression': 'suppression in force', 'offer': 'campaign offer'
    }) }}
{%- endmacro %}

{# The names of the parts that differ between two uses as int_segment_uses writes them; null when none does. #}
{% macro segment_changed_parts(approved, required) -%}
    case
        when {{ approved }} = {{ required }} then null
        when {{ approved }} = '' then 'use, which the log of an earlier release does not state'
        else concat_ws(
            ', '
            {%- for part, words in segment_use_parts().items() %},
            case
                when regexp_extract({{ approved }}, '{{ part }}=([0-9a-f]*)', 1)
                    <> regexp_extract({{ required }}, '{{ part }}=([0-9a-f]*)', 1)
                    then '{{ words }}'
            end
            {%- endfor %}
        )
    end
{%- endmacro %}
