{# One row per source table whose rows are events, and quarter of an hour in which some became known: how many of them
   had happened `hours` or more earlier. Up to the end of as_of_date; usage as source_tables_volume(). #}
{% macro source_tables_late(hours=48) -%}
    {%- if not execute -%}{{ return('select 1 as placeholder') }}{%- endif -%}
    {%- set selects = [] -%}
    {%- for table in delivered_tables() -%}
        {%- set relation = raw_relation(table) -%}
        {%- set present = delivered_columns(relation, table) -%}
        {%- set event = source_event_at(table, present) if present else none -%}
        {%- if present and not event.startswith('cast(null') -%}
            {%- do selects.append(
                "select '" ~ table.source_name ~ "' as source, '" ~ table.name ~ "' as table_name,"
                ~ " count(*) as late_row_count, max(known_at) as last_known_at"
                ~ " from (select " ~ source_known_at(table, present) ~ " as known_at, " ~ event ~ " as event_at"
                ~ " from " ~ relation ~ ") as versions"
                ~ " where known_at < " ~ as_of_end() ~ " and event_at <= known_at - interval '" ~ hours ~ "' hour"
                ~ " group by floor(" ~ seconds_between("cast('1970-01-01' as timestamp)", 'known_at') ~ " / 900)"
            ) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- do selects.append(literal_rows({
        'source': dbt.type_string(), 'table_name': dbt.type_string(), 'late_row_count': 'bigint',
        'last_known_at': dbt.type_timestamp()
    }, [])) -%}
    {{ return(union_all(selects)) }}
{%- endmacro %}
