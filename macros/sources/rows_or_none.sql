{# All rows of a source table, in the columns of its contract; no rows when the table does not exist.

   For tables that the load writes about itself: a warehouse whose raw tables come from elsewhere lacks them. `columns`
   names the wanted ones; one that the contract does not list counts as text. #}
{% macro rows_or_none(source_name, table_name, columns=none) -%}
    {%- set relation = source(source_name, table_name) -%}
    {%- if not execute -%}{{ return('select 1 as placeholder') }}{%- endif -%}
    {%- set contract = graph.sources['source.' ~ project_name ~ '.' ~ source_name ~ '.' ~ table_name] -%}
    {%- set present = raw_columns(relation) -%}
    {%- set parts = [] -%}
    {%- for name in columns or contract.columns -%}
        {%- set quoted = adapter.quote(name) -%}
        {%- set data_type = engine_type(contract.columns[name].data_type if name in contract.columns else 'varchar') -%}
        {%- do parts.append('cast(' ~ (quoted if name | lower in present else 'null') ~ ' as ' ~ data_type ~ ') as ' ~ quoted) -%}
    {%- endfor -%}
    select {{ parts | join(', ' if columns else ',\n        ') }}
    {{- ' from ' ~ relation if present else ' where 1 = 0' }}
{%- endmacro %}
