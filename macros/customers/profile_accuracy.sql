{# The weight of each field of the golden record in the total: that of its row in survivorship_rules, split evenly
   between the parts of a name or an address. #}
{% macro accuracy_weights() -%}
    {%- set rows = survivorship_rule_rows() -%}
    {%- do stop_on_seed_violations(['survivorship_rules']) -%}
    {%- set weights = [] -%}
    {%- for unit, fields in golden_units().items() -%}
        {%- set weight = rows | selectattr('field', 'equalto', unit) | map(attribute='accuracy_weight') | first | default(1) -%}
        {%- for field in fields -%}
            {%- do weights.append({'field': field, 'weight': weight | float / fields | length}) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(weights) }}
{%- endmacro %}

{# The mean of the columns that are not null; null when all are. #}
{% macro mean_of_known(columns) -%}
    {%- set values = [] -%}
    {%- set counts = [] -%}
    {%- for name in columns -%}
        {%- do values.append('coalesce(' ~ name ~ ', 0)') -%}
        {%- do counts.append('case when ' ~ name ~ ' is null then 0 else 1 end') -%}
    {%- endfor -%}
    {{ return('(' ~ values | join(' + ') ~ ') / nullif(' ~ counts | join(' + ') ~ ', 0)') }}
{%- endmacro %}
