{# Whole seconds from one instant to a later one. #}
{% macro seconds_between(start_instant, end_instant) -%}
    {{ return(adapter.dispatch('seconds_between', 'customer_segmentation')(start_instant, end_instant)) }}
{%- endmacro %}

{% macro default__seconds_between(start_instant, end_instant) -%}
    date_diff('second', {{ start_instant }}, {{ end_instant }})
{%- endmacro %}

{% macro spark__seconds_between(start_instant, end_instant) -%}
    (unix_timestamp({{ end_instant }}) - unix_timestamp({{ start_instant }}))
{%- endmacro %}
