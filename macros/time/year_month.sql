{# The month of a day as text, such as 2026-06. #}
{% macro year_month(day) -%}
    substr(cast({{ day }} as {{ dbt.type_string() }}), 1, 7)
{%- endmacro %}
