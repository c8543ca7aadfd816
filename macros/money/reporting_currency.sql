{# The currency of every amount in the marts. #}
{% macro reporting_currency() -%}
    {{ return(run_setting('reporting_currency')) }}
{%- endmacro %}
