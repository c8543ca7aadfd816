{# One row per landed file and raw table that holds rows of it: how many. No rows where the raw tables do not say which
   file a row came from. #}
{% macro stored_rows_by_file() -%}
    {%- if not execute -%}{{ return('select 1 as placeholder') }}{%- endif -%}
    {%- set selects = ['select cast(null as bigint) as file_id, cast(null as bigint) as stored_rows where 1 = 0'] -%}
    {%- for table in graph.sources.values() | sort(attribute='unique_id') -%}
        {%- if table.package_name == project_name and table.config.meta.switch -%}
            {%- set found = adapter.get_relation(table.database, table.schema, table.identifier) -%}
            {%- if found is not none
                and '_file_id' in adapter.get_columns_in_relation(found) | map(attribute='name') | list -%}
                {%- do selects.append(
                    'select _file_id as file_id, count(*) as stored_rows from ' ~ found ~ ' group by _file_id'
                ) -%}
            {%- endif -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(selects | join('\n    union all\n    ')) }}
{%- endmacro %}
