{# The day of the week, 1 (Monday) to 7 (Sunday). #}
{% macro iso_weekday(day) -%}
    {{ return(adapter.dispatch('iso_weekday', 'customer_segmentation')(day)) }}
{%- endmacro %}

{% macro default__iso_weekday(day) -%}
    cast((dayofweek({{ day }}) + 6) % 7 + 1 as bigint)
{%- endmacro %}

{% macro spark__iso_weekday(day) -%}
    cast((dayofweek({{ day }}) + 5) % 7 + 1 as bigint)
{%- endmacro %}
