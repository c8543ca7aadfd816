{# An e-mail address, trimmed and in lower case; null when the text does not have the form of one. #}
{% macro normalise_email(column) -%}
    nullif({{ regexp_keep(
        "lower(trim(" ~ column ~ "))", '^[^@ ,;<>()"]+@[^@ ,;<>()"]+[.][^@ ,;<>()".]+$'
    ) }}, '')
{%- endmacro %}
