{# One row per landed file and raw table that holds rows of it, with their number. No rows where the raw tables do not
   say which file a row came from. #}
{% macro stored_rows_by_file() -%}
    {%- if not execute -%}{{ return('select 1 as placeholder') }}{%- endif -%}
    {%- set selects = ['select cast(null as bigint) as file_id, cast(null as bigint) as stored_rows where 1 = 0'] -%}
    {%- for table in delivered_tables() -%}
        {%- set relation = raw_relation(table) -%}
        {%- if '_file_id' in raw_columns(relation) -%}
            {%- do selects.append(
                'select _file_id as file_id, count(*) as stored_rows from ' ~ relation ~ ' group by _file_id'
            ) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(union_all(selects)) }}
{%- endmacro %}
