{# The text when the whole of it has the form of `pattern`, else ''. Patterns use [0-9], never \d. #}
{% macro regexp_keep(text, pattern) -%}
    regexp_extract({{ text }}, '{{ pattern }}', 0)
{%- endmacro %}

{# All of `pattern` in the text replaced. #}
{% macro regexp_replace_all(text, pattern, replacement='') -%}
    {{ return(adapter.dispatch('regexp_replace_all', 'customer_segmentation')(text, pattern, replacement)) }}
{%- endmacro %}

{% macro default__regexp_replace_all(text, pattern, replacement) -%}
    regexp_replace({{ text }}, '{{ pattern }}', '{{ replacement }}', 'g')
{%- endmacro %}

{% macro spark__regexp_replace_all(text, pattern, replacement) -%}
    regexp_replace({{ text }}, '{{ pattern }}', '{{ replacement }}')
{%- endmacro %}
