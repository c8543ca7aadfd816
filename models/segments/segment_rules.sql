-- Grain: one row per condition of a rule, with its text in plain English.
-- noqa: disable=LT02
{%- set rows = [] %}
{%- for segment in segment_rules() %}
    {%- for kind in ['include', 'exclude'] %}
        {%- for alternative, conditions in segment[kind].items() %}
            {%- for condition in conditions %}
                {%- set row = {
                    'segment_key': condition.segment_key, 'kind': condition.kind, 'alternative': condition.alternative,
                    'attribute': condition.attribute, 'operator': condition.operator, 'value': condition.value or none,
                    'if_missing': condition.if_missing or none, 'condition_text': segment_condition_text(condition)
                } %}
                {#- A draft may contain duplicates. #}
                {%- if row not in rows %}{%- do rows.append(row) %}{%- endif %}
            {%- endfor %}
        {%- endfor %}
    {%- endfor %}
{%- endfor %}
-- noqa: enable=LT02
with conditions as (
    {{ literal_rows({
        'segment_key': dbt.type_string(),
        'kind': dbt.type_string(),
        'alternative': dbt.type_string(),
        'attribute': dbt.type_string(),
        'operator': dbt.type_string(),
        'value': dbt.type_string(),
        'if_missing': dbt.type_string(),
        'condition_text': dbt.type_string()
    }, rows) }}

)

select * from conditions
