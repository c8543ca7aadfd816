-- Grain: one row per source table with deliveries: how much of its recent files is refused and still open.
with deliveries as (

    select * from {{ ref('int_source_deliveries') }}
    where is_loaded

),

limits as (

    select * from {{ ref('int_source_limits') }}

),

-- Recent days count back from the newest delivery: for a table that is delivered monthly, the last file counts.
newest as (

    select
        source,
        table_name,
        max(delivered_at) as last_delivered_at

    from deliveries
    group by source, table_name

),

rejects as (

    select
        deliveries.source,
        deliveries.table_name,
        max(newest.last_delivered_at) as last_delivered_at,
        cast(sum(deliveries.landed_rows) as bigint) as landed_rows,
        cast(sum(deliveries.open_rejected_rows) as bigint) as open_rejected_rows,
        cast(sum(deliveries.open_rejected_rows) as double)
        / nullif(cast(sum(deliveries.landed_rows) as double), 0) as reject_rate

    from deliveries
    inner join newest
        on deliveries.source = newest.source and deliveries.table_name = newest.table_name
    inner join limits
        on deliveries.source = limits.source and deliveries.table_name = limits.table_name
    where
        {{ seconds_between('deliveries.delivered_at', 'newest.last_delivered_at') }}
        < limits.reject_days * 86400
    group by deliveries.source, deliveries.table_name

)

select * from rejects
