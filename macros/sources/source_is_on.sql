{# Whether a source is used in this run. A source that is off yields no rows, and what depends on it reports that. #}
{% macro source_is_on(source_name) -%}
    {{ return(run_setting('using_' ~ source_name, true)) }}
{%- endmacro %}
