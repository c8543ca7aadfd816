{# The one currency that every amount of the marts is in. #}
{% macro reporting_currency() -%}
    {{ return(run_setting('reporting_currency', 'GBP')) }}
{%- endmacro %}
