-- Grain: one row per source table and check of time: freshness against the agreed hours, delay of single rows.
with limits as (

    select * from {{ ref('int_source_limits') }}

),

freshness as (

    select * from {{ ref('int_source_freshness') }}

),

freshness_check as (

    select
        source,
        table_name,
        'freshness' as check_name,
        case when not is_on or row_count = 0 then 'not_judged' when is_late then 'fail' else 'ok' end as severity,
        'stale' as finding,
        cast(source_age_hours as double) as observed,
        cast(sla_hours as double) as limit_value,
        case
            when not is_on then 'the source is switched off'
            when row_count = 0 then 'nothing has ever been delivered'
            when is_late then concat_ws(
                    '', 'no news from ',
                    source,
                    ' for ',
                    cast(source_age_hours as {{ dbt.type_string() }}),
                    ' hours, and ',
                    cast(sla_hours as {{ dbt.type_string() }}),
                    ' are agreed; find out why it stopped delivering, or change',
                    ' sla_hours in source_health_limits'
                )
        end as reason

    from freshness

),

lag_check as (

    select
        limits.source,
        limits.table_name,
        'lag' as check_name,
        case
            when coalesce(freshness.event_lag_p95_hours, freshness.delivery_lag_p95_hours) is null then 'not_judged'
            when greatest(coalesce(freshness.event_lag_p95_hours, 0), coalesce(freshness.delivery_lag_p95_hours, 0))
                > limits.lag_warn_hours then 'warn'
            else 'ok'
        end as severity,
        'late' as finding,
        greatest(
            coalesce(freshness.event_lag_p95_hours, freshness.delivery_lag_p95_hours),
            coalesce(freshness.delivery_lag_p95_hours, freshness.event_lag_p95_hours)
        ) as observed,
        cast(limits.lag_warn_hours as double) as limit_value

    from limits
    left join freshness
        on limits.source = freshness.source and limits.table_name = freshness.table_name

),

combined as (

    select * from freshness_check
    union all
    select
        lag_check.*,
        case
            when severity = 'not_judged' then 'no recent rows whose delay can be measured'
            when severity = 'warn' then concat_ws(
                    '', 'one row in twenty was more than ',
                    cast(cast(floor(observed) as bigint) as {{ dbt.type_string() }}),
                    ' hours late, and ', cast(cast(round(limit_value) as bigint) as {{ dbt.type_string() }}),
                    ' are allowed; ask the sender to deliver more often'
                )
        end as reason
    from lag_check

)

select * from combined
