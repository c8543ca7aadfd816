{# The part of the text that matches `pattern`, else ''. Anchor the pattern to match the whole text; use [0-9],
   never \d. #}
{% macro regexp_keep(text, pattern) -%}
    regexp_extract({{ text }}, '{{ pattern }}', 0)
{%- endmacro %}

{# The text with every match of `pattern` replaced. #}
{% macro regexp_replace_all(text, pattern, replacement='') -%}
    {{ return(adapter.dispatch('regexp_replace_all', 'customer_segmentation')(text, pattern, replacement)) }}
{%- endmacro %}

{% macro default__regexp_replace_all(text, pattern, replacement) -%}
    regexp_replace({{ text }}, '{{ pattern }}', '{{ replacement }}', 'g')
{%- endmacro %}

{% macro spark__regexp_replace_all(text, pattern, replacement) -%}
    regexp_replace({{ text }}, '{{ pattern }}', '{{ replacement }}')
{%- endmacro %}
