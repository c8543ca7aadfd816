{# The tables of every source that a retailer delivers, as entries of `graph.sources`, in a fixed order. No source is
   named here, so a new one needs no change here. #}
{% macro delivered_tables() -%}
    {%- set tables = [] -%}
    {%- for table in graph.sources.values() | sort(attribute='unique_id') -%}
        {%- if table.package_name == project_name and table.config.meta.switch -%}
            {%- do tables.append(table) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(tables) }}
{%- endmacro %}

{# One row per monitored source table: whether it is switched on, and within how many hours its source must deliver. #}
{% macro source_tables() -%}
    {%- if not execute -%}{{ return('select 1 as placeholder') }}{%- endif -%}
    {%- set rows = [] -%}
    {%- for table in delivered_tables() if table.config.meta.is_watched is not false -%}
        {%- do rows.append({
            'source': table.source_name, 'table_name': table.name,
            'is_on': 'true' if source_is_on(table.source_name) else 'false', 'sla_hours': table.config.meta.sla_hours
        }) -%}
    {%- endfor -%}
    {{ literal_rows({
        'source': dbt.type_string(), 'table_name': dbt.type_string(), 'is_on': 'boolean', 'sla_hours': 'bigint'
    }, rows) }}
{%- endmacro %}

{# One row per source table and quarter of an hour in which record versions became known, up to the end of as_of_date.
   In every time zone a business day starts on a quarter of an hour, and there are few of those, so the time zone is
   converted for thousands of rows, not millions. One scan of one column per raw table. #}
{% macro source_tables_volume() -%}
    {%- if not execute -%}{{ return('select 1 as placeholder') }}{%- endif -%}
    {%- set selects = [] -%}
    {%- for table in delivered_tables() -%}
        {%- set relation = raw_relation(table) -%}
        {%- set present = delivered_columns(relation, table) -%}
        {%- if present -%}
            {%- do selects.append(
                "select '" ~ table.source_name ~ "' as source, '" ~ table.name ~ "' as table_name,"
                ~ " count(*) as row_count, max(known_at) as last_known_at"
                ~ " from (select " ~ source_known_at(table, present) ~ " as known_at from " ~ relation ~ ") as versions"
                ~ " where known_at < " ~ as_of_end()
                ~ " group by floor(" ~ seconds_between("cast('1970-01-01' as timestamp)", 'known_at') ~ " / 900)"
            ) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- do selects.append(literal_rows({
        'source': dbt.type_string(), 'table_name': dbt.type_string(), 'row_count': 'bigint',
        'last_known_at': dbt.type_timestamp()
    }, [])) -%}
    {{ return(union_all(selects)) }}
{%- endmacro %}

{# One row per record version that became known in the `days` before the end of as_of_date: hours from the event to its
   becoming known, and from there to its delivery; null where the table does not state them. #}
{% macro source_tables_lag(days=28) -%}
    {%- if not execute -%}{{ return('select 1 as placeholder') }}{%- endif -%}
    {%- set selects = [] -%}
    {%- for table in delivered_tables() -%}
        {%- set relation = raw_relation(table) -%}
        {%- set present = delivered_columns(relation, table) -%}
        {%- if present -%}
            {%- set event = source_event_at(table, present) -%}
            {%- set delivery = '_delivered_at' if '_delivered_at' in present else 'cast(null as timestamp)' -%}
            {%- do selects.append(
                "select '" ~ table.source_name ~ "' as source, '" ~ table.name ~ "' as table_name, known_at,"
                ~ " case when event_at <= known_at then cast(" ~ seconds_between('event_at', 'known_at') ~ " as double) / 3600"
                ~ " when event_at is not null then 0 end as event_lag_hours,"
                ~ " case when known_at <= delivered_at and delivered_at < " ~ deliveries_end()
                ~ " then cast(" ~ seconds_between('known_at', 'delivered_at') ~ " as double) / 3600"
                ~ " when delivered_at < known_at then 0 end as delivery_lag_hours"
                ~ " from (select " ~ source_known_at(table, present) ~ " as known_at, " ~ event ~ " as event_at, "
                ~ delivery ~ " as delivered_at from " ~ relation ~ ") as versions"
                ~ " where known_at < " ~ as_of_end()
                ~ " and known_at >= " ~ as_of_end() ~ " - interval '" ~ days ~ "' day"
            ) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- do selects.append(literal_rows({
        'source': dbt.type_string(), 'table_name': dbt.type_string(), 'known_at': dbt.type_timestamp(),
        'event_lag_hours': 'double', 'delivery_lag_hours': 'double'
    }, [])) -%}
    {{ return(union_all(selects)) }}
{%- endmacro %}

{# The relation of an entry of `graph.sources`. #}
{% macro raw_relation(table) -%}
    {{ return(api.Relation.create(database=table.database, schema=table.schema, identifier=table.identifier)) }}
{%- endmacro %}

{# When the event of a row happened, for tables whose rows are events: the contract's meta `event_at`, else the column
   of a usual name. Null for tables that describe a state: there every change would be late, counted from the first day.
   Only columns that the contract declares qualify: what a connector lands beside them under such a name may be
   anything, such as the `timestamp` of Klaviyo's events, which counts seconds. #}
{% macro source_event_at(contract, present) -%}
    {%- set usual = ['timestamp', 'datetime', 'occurred_at', 'sold_at', 'returned_at', 'responded_at', 'clicked_at',
        'counted_at'] -%}
    {%- set stated = contract.config.meta.event_at -%}
    {%- set found = [] -%}
    {%- for name in ([stated] if stated else usual) | select('in', contract.columns) | select('in', present)
        if name != contract.config.meta.known_at -%}
        {%- do found.append('cast(' ~ adapter.quote(name) ~ ' as ' ~ dbt.type_timestamp() ~ ')') -%}
    {%- endfor -%}
    {{ return(found[0] if found else 'cast(null as ' ~ dbt.type_timestamp() ~ ')') }}
{%- endmacro %}

{# The instant up to which a delivery counts for as_of_date: the files of a day arrive in the course of the next one. #}
{% macro deliveries_end() -%}
    ({{ as_of_end() }} + interval '1' day)
{%- endmacro %}
