{# How much each field of the golden record counts in the total: the weight of its row in survivorship_rules, shared by
   the parts of a name or an address. #}
{% macro accuracy_weights() -%}
    {%- set rules = survivorship() -%}
    {%- set weights = [] -%}
    {%- for unit, fields in golden_units().items() -%}
        {%- for field in fields -%}
            {%- do weights.append({'field': field, 'weight': rules[unit].weight | float / fields | length}) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(weights) }}
{%- endmacro %}

{# The plain mean of those of the columns that are not null; null when all are. #}
{% macro mean_of_known(columns) -%}
    {%- set values = [] -%}
    {%- set counts = [] -%}
    {%- for name in columns -%}
        {%- do values.append('coalesce(' ~ name ~ ', 0)') -%}
        {%- do counts.append('case when ' ~ name ~ ' is null then 0 else 1 end') -%}
    {%- endfor -%}
    {{ return('(' ~ values | join(' + ') ~ ') / nullif(' ~ counts | join(' + ') ~ ', 0)') }}
{%- endmacro %}
