{# The source tables that hold any row, as `source.table`; none where no raw table exists, as in a copy of marts alone.
   One query a run. #}
{% macro tables_with_rows() -%}
    {%- set memory = run_memory('tables_with_rows') -%}
    {%- if 'found' not in memory -%}
        {%- set selects = [] -%}
        {%- for table in delivered_tables() -%}
            {%- set relation = raw_relation(table) -%}
            {%- if raw_columns(relation) -%}
                {%- do selects.append(
                    "(select '" ~ table.source_name ~ '.' ~ table.name ~ "' as table_label from " ~ relation ~ " limit 1)"
                ) -%}
            {%- endif -%}
        {%- endfor -%}
        {%- do memory.update({
            'found': run_query(selects | join(' union all ')).columns[0].values() | list if selects else none
        }) -%}
    {%- endif -%}
    {{ return(memory['found']) }}
{%- endmacro %}

{# Whether a source table holds any row. Unit tests say themselves what was delivered. #}
{% macro has_rows(source_name, table_name) -%}
    {%- if not execute or (model is defined and model.resource_type == 'unit_test') -%}{{ return(true) }}{%- endif -%}
    {%- set found = tables_with_rows() -%}
    {{ return(found is none or source_name ~ '.' ~ table_name in found) }}
{%- endmacro %}

{# The sources that are on and have never delivered a row. A warehouse without raw tables has what its build noted. #}
{% macro undelivered_sources() -%}
    {%- if not execute or (model is defined and model.resource_type == 'unit_test') -%}{{ return([]) }}{%- endif -%}
    {%- set found = tables_with_rows() -%}
    {%- if found is none -%}
        {%- set notes = built_relation('model', 'build_notes') -%}
        {%- set noted = run_query("select value from " ~ notes ~ " where note_key = 'undelivered sources'").rows if notes else [] -%}
        {{ return(noted[0][0].split('|') if noted else []) }}
    {%- endif -%}
    {%- set open_sources = [] -%}
    {%- for table in delivered_tables() if table.config.meta.switch != 'always' and source_is_on(table.source_name) -%}
        {%- do open_sources.append(table.source_name) -%}
    {%- endfor -%}
    {%- set delivered = [] -%}
    {%- for label in found -%}{%- do delivered.append(label.split('.')[0]) -%}{%- endfor -%}
    {{ return(open_sources | unique | reject('in', delivered) | list) }}
{%- endmacro %}
