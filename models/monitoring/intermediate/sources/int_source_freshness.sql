-- Grain: one row per source table: how much of it is known, how long ago its source last had news, and how many hours
-- it recently took from an event to its becoming known, and from there to its delivery.
with limits as (

    select * from {{ ref('int_source_limits') }}

),

volumes as (

    select
        source,
        table_name,
        sum(row_count) as row_count,
        max(last_known_at) as last_known_at

    from {{ ref('int_source_volume_daily') }}
    group by source, table_name

),

deliveries as (

    select
        source,
        table_name,
        max(delivered_at) as last_delivered_at

    from {{ ref('int_source_deliveries') }}
    where is_loaded
    group by source, table_name

),

recent as (

    {{ source_tables_lag() }}

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
    where {{ seconds_between('recent.known_at', as_of_end()) }} <= limits.lag_days * 86400
    group by recent.source, recent.table_name

),

joined as (

    select
        limits.source,
        limits.table_name,
        limits.is_on,
        limits.sla_hours,
        cast(coalesce(volumes.row_count, 0) as bigint) as row_count,
        volumes.last_known_at,
        deliveries.last_delivered_at,
        lags.event_lag_median_hours,
        lags.event_lag_p95_hours,
        lags.delivery_lag_median_hours,
        lags.delivery_lag_p95_hours,
        {{ seconds_between('volumes.last_known_at', as_of_end()) }} as age_seconds,
        -- A delivery that brings nothing new still shows that the source is delivering.
        {{ seconds_between(
            'greatest(volumes.last_known_at, coalesce(deliveries.last_delivered_at, volumes.last_known_at))', as_of_end()
        ) }} as seconds_since_news

    from limits
    left join volumes
        on limits.source = volumes.source and limits.table_name = volumes.table_name
    left join deliveries
        on limits.source = deliveries.source and limits.table_name = deliveries.table_name
    left join lags
        on limits.source = lags.source and limits.table_name = lags.table_name

),

aged as (

    select
        *,
        -- Files of a day may arrive in the course of the next one.
        case when seconds_since_news < 0 then 0 else seconds_since_news end as news_age_seconds

    from joined

),

-- A table that seldom changes is not stale while its source keeps delivering: the source's latest news decides.
with_source_age as (

    select
        *,
        cast(floor(cast(age_seconds as double) / 3600) as bigint) as age_hours,
        cast(floor(cast(min(news_age_seconds) over (partition by source) as double) / 3600) as bigint)
            as source_age_hours,
        coalesce(min(news_age_seconds) over (partition by source) > sla_hours * 3600, false) as is_late

    from aged

)

select * from with_source_age
