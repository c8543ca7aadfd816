{# What is left of a value when only letters, digits, @ and + count: the form on which the patterns for `any` type in the
   seed blocked_identifiers are tried. #}
{% macro placeholder_form(value) -%}
    {{ regexp_replace_all('lower(' ~ value ~ ')', '[^a-z0-9@+]') }}
{%- endmacro %}

{# Whether a value of a type is a placeholder by the seed blocked_identifiers. The patterns as one constant: a pattern
   read row by row would be compiled again for every value. #}
{% macro is_placeholder(identifier_type, value) -%}
    {%- set forms = {identifier_type: 'lower(' ~ value ~ ')', 'any': placeholder_form(value)} -%}
    {%- set conditions = [] -%}
    {%- for type, form in forms.items() -%}
        {%- set patterns = blocked_patterns(type) -%}
        {%- if patterns -%}
            {%- do conditions.append(
                'regexp_extract(' ~ form ~ ', ' ~ text_literal('(' ~ patterns | join(')|(') ~ ')') ~ ", 0) <> ''"
            ) -%}
        {%- endif -%}
    {%- endfor -%}
    ({{ conditions | join(' or ') or 'false' }})
{%- endmacro %}
