{# The table of a seed on Spark, with the types of its YAML. #}
{% macro spark__create_csv_table(model, agate_table) -%}
    {%- set columns = [] -%}
    {%- for name in agate_table.column_names -%}
        {%- do columns.append(adapter.quote(name) ~ ' ' ~ seed_column_type(model, agate_table, loop.index0)) -%}
    {%- endfor -%}
    {%- set create = 'create table ' ~ this ~ ' (' ~ columns | join(', ') ~ ')' ~ file_format_clause()
        ~ location_clause() ~ comment_clause() -%}
    {%- call statement('_') -%}{{ create }}{%- endcall -%}
    {{ return(create) }}
{%- endmacro %}

{# Rows of a seed as literals: the adapter's own way writes None for an empty cell, and loses apostrophes and large
   numbers. A cell that is not of its column's type stops the load; Spark alone would make it null. #}
{% macro spark__load_csv_rows(model, agate_table) -%}
    {%- set columns = [] -%}
    {%- for name in agate_table.column_names -%}
        {%- set type = seed_column_type(model, agate_table, loop.index0) -%}
        {%- set cell = 'col' ~ (loop.index + 1) -%}
        {%- if type == 'string' -%}
            {%- do columns.append(cell) -%}
        {%- else -%}
            {%- do columns.append(
                'coalesce(try_cast(' ~ cell ~ ' as ' ~ type ~ '), if(' ~ cell ~ " is null, null, raise_error(concat('" ~ model.name
                ~ ", line ', col1, ', column " ~ name ~ ": ''', " ~ cell ~ ", ''' is not of type " ~ type ~ "; correct the cell'))))"
            ) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set literal = adapter.dispatch('text_literal', 'customer_segmentation') -%}
    {%- set lines = namespace(done=1) -%}
    {%- for chunk in agate_table.rows | batch(2000) -%}
        {%- set rows = [] -%}
        {%- for row in chunk -%}
            {%- set lines.done = lines.done + 1 -%}
            {%- set cells = ["'" ~ lines.done ~ "'"] -%}
            {%- for value in row -%}
                {%- do cells.append('cast(null as string)' if value is none else literal(value)) -%}
            {%- endfor -%}
            {%- do rows.append('(' ~ cells | join(', ') ~ ')') -%}
        {%- endfor -%}
        {%- do adapter.add_query(
            'insert into ' ~ this ~ ' select ' ~ columns | join(', ') ~ ' from values ' ~ rows | join(', '), abridge_sql_log=True
        ) -%}
    {%- endfor -%}
    {{ return('') }}
{%- endmacro %}

{# The type of a seed's column: as its YAML states it, else as its cells suggest. #}
{% macro seed_column_type(model, agate_table, position) -%}
    {%- set stated = model.config.get('column_types', {}).get(agate_table.column_names[position]) -%}
    {{ return(engine_type(stated or adapter.convert_type(agate_table, position))) }}
{%- endmacro %}
