{# An e-mail address in lower case, whether it was given alone, in quotation marks, with the name of its owner, with
   mailto: or as the first of several; null when there is none in that place. #}
{% macro normalise_email(column) -%}
    {%- set local = '[^@ ,;:<>()"]+' -%}
    {%- set label = '[^@ ,;:<>()"\'.]+' -%}
    {#- Before it quotation marks, or a name and <; after it a full stop, or what separates it from the next. -#}
    {%- set pattern = '^(?:[^@<>]*<|["\' ]*)(?:mailto:)?(' ~ local ~ '@' ~ label ~ '(?:[.]' ~ label ~ ')+)[.]?["\' ]*(?:>|[ ,;].*)?$' -%}
    nullif(regexp_extract(lower({{ clean_text(column) }}), {{ text_literal(pattern) }}, 1), '')
{%- endmacro %}
