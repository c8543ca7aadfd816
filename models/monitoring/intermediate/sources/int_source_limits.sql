-- Grain: one row per source table: whether it is used, and the limits that apply to it.
-- Cell by cell, the row of the table takes precedence over that of its source, and that over the default.
{%- do stop_on_seed_violations(['source_health_limits']) %}
with tables as (

    {{ source_tables() }}

),

limits as (

    select * from {{ ref('source_health_limits') }}

),

resolved as (

    select
        tables.source,
        tables.table_name,
        tables.is_on,
        cast(coalesce(by_table.sla_hours, by_source.sla_hours, tables.sla_hours) as bigint) as sla_hours,
        {{ source_limit_columns() }}

    from tables
    left join limits as by_table
        on tables.source = by_table.source and tables.table_name = by_table.table_name
    left join limits as by_source
        on tables.source = by_source.source and by_source.table_name is null
    left join limits as by_default
        on by_default.source = 'default'

)

select * from resolved
