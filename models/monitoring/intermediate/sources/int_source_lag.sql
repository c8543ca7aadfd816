-- Grain: one row per source table with news lately: hours from event to being known, and from there to delivery.
with recent as (

    {{ source_tables_lag() }}

),

limits as (

    select * from {{ ref('int_source_limits') }}

),

lags as (

    select
        recent.source,
        recent.table_name,
        median(recent.event_lag_hours) as event_lag_median_hours,
        percentile_cont(0.95) within group (order by recent.event_lag_hours) as event_lag_p95_hours,
        median(recent.delivery_lag_hours) as delivery_lag_median_hours,
        percentile_cont(0.95) within group (order by recent.delivery_lag_hours) as delivery_lag_p95_hours

    from recent
    inner join limits
        on recent.source = limits.source and recent.table_name = limits.table_name
    where {{ seconds_between('recent.known_at', as_of_end()) }} <= coalesce(limits.lag_days, 7) * 86400
    group by recent.source, recent.table_name

)

select * from lags
