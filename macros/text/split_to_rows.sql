{# One row per item of a text list separated by |, for use in a select list. #}
{% macro split_to_rows(column) -%}
    {{ return(adapter.dispatch('split_to_rows', 'customer_segmentation')(column)) }}
{%- endmacro %}

{% macro default__split_to_rows(column) -%}
    {{ return("unnest(string_split(" ~ column ~ ", '|'))") }}
{%- endmacro %}

{% macro spark__split_to_rows(column) -%}
    {{ return("explode(split(" ~ column ~ ", '[|]'))") }}
{%- endmacro %}

{# A text list separated by | without the blanks around its items. #}
{% macro trimmed_items(list) -%}
    {{ regexp_replace_all('trim(' ~ list ~ ')', ' *[|] *', '|') }}
{%- endmacro %}
