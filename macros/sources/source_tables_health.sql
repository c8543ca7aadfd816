{# One row per table of every source that a retailer delivers: how many record versions were known by the end of
   as_of_date, and when the newest became known. No rows of the source itself are read by name, so a new source
   needs no change here. #}
{% macro source_tables_health() -%}
    {%- if not execute -%}{{ return('select 1 as placeholder') }}{%- endif -%}
    {%- set selects = [] -%}
    {%- for table in graph.sources.values() | sort(attribute='unique_id') -%}
        {%- if table.package_name == project_name and table.config.meta.switch -%}
            {%- do selects.append(source_table_health(table)) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(selects | join('\n    union all\n    ')) }}
{%- endmacro %}

{# The row of one table; `table` is an entry of `graph.sources`. #}
{% macro source_table_health(table) -%}
    {%- set relation = api.Relation.create(
        database=table.database, schema=table.schema, identifier=table.identifier
    ) -%}
    {%- set present = delivered_columns(relation, table) -%}
    select
        '{{ table.source_name }}' as source,
        '{{ table.name }}' as table_name,
        {{ 'true' if source_is_on(table.source_name) else 'false' }} as is_on,
        count(known_at) as row_count,
        max(known_at) as last_known_at,
        cast({{ table.config.meta.sla_hours }} as bigint) as sla_hours
    from (
        select {{ source_known_at(table, present) }} as known_at
        {{ 'from ' ~ relation if present else 'where 1 = 0' }}
    ) as versions
    where known_at < {{ as_of_end() }}
{%- endmacro %}
