{# One text key from several columns, the same as in the real package: md5 of the columns as text, joined with '-'.
   Null is a distinct value unless the var surrogate_key_treat_nulls_as_empty_strings is true. #}
{% macro generate_surrogate_key(field_list) -%}
    {%- if field_list is string or not field_list -%}
        {{ exceptions.raise_compiler_error("generate_surrogate_key takes a list, such as ['order_id', 'sku']") }}
    {%- endif -%}
    {%- set as_empty = var('surrogate_key_treat_nulls_as_empty_strings', false) -%}
    {%- set null_text = '' if as_empty else '_dbt_utils_surrogate_key_null_' -%}
    {%- set parts = [] -%}
    {%- for field in field_list -%}
        {%- if not loop.first %}{% do parts.append("'-'") %}{% endif -%}
        {%- do parts.append(
            "coalesce(cast(" ~ field ~ " as " ~ dbt.type_string() ~ "), '" ~ null_text ~ "')"
        ) -%}
    {%- endfor -%}
    {{ dbt.hash(dbt.concat(parts)) }}
{%- endmacro %}
