{# A text as an SQL string; whatever it holds, it stays a value. #}
{% macro text_literal(value) -%}
    {{ return(adapter.dispatch('text_literal', 'customer_segmentation')(value)) }}
{%- endmacro %}

{% macro default__text_literal(value) -%}
    {{ return("'" ~ (value | string | replace("'", "''")) ~ "'") }}
{%- endmacro %}

{% macro spark__text_literal(value) -%}
    {{ return("'" ~ (value | string | replace("\\", "\\\\") | replace("'", "\\'")) ~ "'") }}
{%- endmacro %}

{# A select that yields the given dicts as rows; with no dicts, no rows. `columns` maps names to data types. #}
{% macro literal_rows(columns, rows) -%}
    {%- for row in rows %}
    select
        {%- for name, data_type in columns.items() %}
        cast({{ 'null' if row.get(name) is none else text_literal(row[name]) }} as {{ data_type }}) as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    {{ 'union all' if not loop.last }}
    {%- else %}
    select
        {%- for name, data_type in columns.items() %}
        cast(null as {{ data_type }}) as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    where 1 = 0
    {%- endfor %}
{%- endmacro %}
