{# Selects with the same columns as one. #}
{% macro union_all(selects) -%}
    {{ return(adapter.dispatch('union_all', 'customer_segmentation')(selects)) }}
{%- endmacro %}

{% macro default__union_all(selects) -%}
    {{ return(selects | join('\n    union all\n    ')) }}
{%- endmacro %}

{# Every task of Spark receives the plan of its whole stage, so that a wide union costs the square of its width. A few at
   a time are stages of their own. #}
{% macro spark__union_all(selects, width=6) -%}
    {%- if selects | length <= width -%}{{ return(default__union_all(selects)) }}{%- endif -%}
    {%- set groups = [] -%}
    {%- for group in selects | batch(width) -%}
        {%- do groups.append('select /*+ repartition(1) */ * from (\n    ' ~ default__union_all(group) ~ '\n    ) as grouped') -%}
    {%- endfor -%}
    {{ return(default__union_all(groups)) }}
{%- endmacro %}
