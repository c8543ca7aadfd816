{# The `days` business days that end with as_of_date. For _date columns only. #}
{% macro within_window(date_column, days) -%}
    {{ date_column }} > {{ days_before(as_of_date(), days) }}
    and {{ date_column }} <= {{ as_of_date() }}
{%- endmacro %}

{# The day `days` before a day. #}
{% macro days_before(day, days) -%}
    cast({{ day }} - cast({{ days }} as int) as date)
{%- endmacro %}

{# Whole days from one day to a later one. #}
{% macro days_between(start_day, end_day) -%}
    {{ return(adapter.dispatch('days_between', 'customer_segmentation')(start_day, end_day)) }}
{%- endmacro %}

{% macro default__days_between(start_day, end_day) -%}
    date_diff('day', {{ start_day }}, {{ end_day }})
{%- endmacro %}

{% macro spark__days_between(start_day, end_day) -%}
    datediff(day, {{ start_day }}, {{ end_day }})
{%- endmacro %}
