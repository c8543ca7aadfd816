{# The hour of the business day, 0 to 23, of a UTC instant. #}
{% macro business_hour(instant) -%}
    {{ return(adapter.dispatch('business_hour', 'customer_segmentation')(instant)) }}
{%- endmacro %}

{% macro default__business_hour(instant) -%}
    extract(hour from timezone('{{ business_timezone() }}', timezone('UTC', {{ instant }})))
{%- endmacro %}

{% macro spark__business_hour(instant) -%}
    hour(from_utc_timestamp({{ instant }}, '{{ business_timezone() }}'))
{%- endmacro %}
