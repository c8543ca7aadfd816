-- Grain: one row per cross-field check and period (the last 28 days, all history): how many rows contradict themselves.
with unioned as (

    select
        measure,
        profile_date,
        checked_rows,
        faulty_rows

    from {{ ref('int_data_profile_order_violations_daily') }}

    union all

    select
        measure,
        profile_date,
        checked_rows,
        faulty_rows

    from {{ ref('int_data_profile_link_violations_daily') }}

),

daily as (

    select * from unioned
    where profile_date <= {{ as_of_date() }}

),

periods as (

    select
        'history' as period,
        *
    from daily

    union all

    select
        'month' as period,
        *
    from daily
    where {{ within_window('profile_date', 28) }}

),

summed as (

    select
        'cross_fields' as profile_name,
        'all' as slice_name,
        measure,
        period,
        cast(sum(faulty_rows) as bigint) as faulty_rows,
        round(cast(sum(faulty_rows) as double) / nullif(cast(sum(checked_rows) as double), 0), 9) as faulty_share,
        cast(sum(checked_rows) as bigint) as basis_rows,
        cast(0 as bigint) as history_count,
        min(case when faulty_rows > 0 then profile_date end) as first_faulty_date,
        {{ as_of_date() }} as profile_date

    from periods
    group by measure, period

)

select * from summed
