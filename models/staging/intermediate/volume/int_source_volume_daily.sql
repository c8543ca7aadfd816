-- Grain: one row per source table and business day on which record versions became known: how many, and the latest.
with quarters as (

    {{ source_tables_volume() }}

),

daily as (

    select
        source,
        table_name,
        {{ business_date('last_known_at') }} as known_date,
        cast(sum(row_count) as bigint) as row_count,
        max(last_known_at) as last_known_at

    from quarters
    group by source, table_name, {{ business_date('last_known_at') }}

)

select * from daily
