{# An e-mail address in lower case without white space around it; null when it has not the form of one. #}
{% macro normalise_email(column) -%}
    nullif({{ regexp_keep(
        "lower(trim(" ~ column ~ "))", '^[^@ ,;<>()"]+@[^@ ,;<>()"]+[.][^@ ,;<>()".]+$'
    ) }}, '')
{%- endmacro %}
