{# All rows of a source table, in the columns of its contract; no row when the table does not exist.

   For tables that the load writes about itself: a warehouse whose raw tables come from elsewhere lacks them. `beside`
   names columns of text that the contract leaves out. #}
{% macro rows_or_none(source_name, table_name, beside=[]) -%}
    {%- set relation = source(source_name, table_name) -%}
    {%- if not execute -%}{{ return('select 1 as placeholder') }}{%- endif -%}
    {%- set contract = graph.sources['source.' ~ project_name ~ '.' ~ source_name ~ '.' ~ table_name] -%}
    {%- set present = raw_columns(relation) %}
    select
    {%- for column in contract.columns.values() %}
        cast({{ adapter.quote(column.name) if column.name | lower in present else 'null' }} as {{ column.data_type }})
            as {{ adapter.quote(column.name) }}{{ ',' if not loop.last }}
    {%- endfor %}
    {%- for name in beside -%}
        , cast({{ name if name in present else 'null' }} as {{ dbt.type_string() }}) as {{ name }}
    {%- endfor %}
    {%- if present %}
    from {{ relation }}
    {%- else %}
    where 1 = 0
    {%- endif %}
{%- endmacro %}
