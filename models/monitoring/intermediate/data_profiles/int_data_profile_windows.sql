-- Grain: one row per profile, slice, measure, period and business day on which that period ends.
-- A view: read once, so there is nothing to gain from storing it.
{{ config(materialized='view') }}

with daily as (

    select * from {{ ref('int_data_profile_daily') }}

),

-- Within the profile's days: a measure that began earlier counts from the first of them.
series as (

    select
        profile_name,
        slice_name,
        measure,
        measure_kind,
        min(profile_date) as first_date

    from daily
    group by profile_name, slice_name, measure, measure_kind

),

days as (

    select {{ days_before(as_of_date(), 'i') }} as profile_date
    from range(0, {{ profile_days() }}) as t (i)  -- noqa: AL05

),

-- A day without a row counts as zero, not as unknown.
dense as (

    select
        series.profile_name,
        series.slice_name,
        series.measure,
        series.measure_kind,
        coalesce(daily.numerator, 0) as numerator,
        coalesce(daily.row_count, 0) as row_count,
        series.first_date,
        days.profile_date

    from series
    cross join days
    left join daily
        on series.profile_name = daily.profile_name
            and series.slice_name = daily.slice_name
            and series.measure = daily.measure
            and days.profile_date = daily.profile_date
    where days.profile_date >= series.first_date

),

summed as (

    {% for period, length in [('day', 1), ('week', 7), ('month', 28)] %}
    select
        profile_name,
        slice_name,
        measure,
        measure_kind,
        '{{ period }}' as period,
        sum(numerator) over (
            partition by profile_name, slice_name, measure
            order by profile_date
            rows between {{ length - 1 }} preceding and current row
        ) as numerator,
        sum(row_count) over (
            partition by profile_name, slice_name, measure
            order by profile_date
            rows between {{ length - 1 }} preceding and current row
        ) as row_count,
        {{ days_before('profile_date', length - 1) }} >= first_date as is_whole,
        profile_date

    from dense
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

-- A window that begins before the first observed day would look smaller than it was.
valued as (

    select
        profile_name,
        slice_name,
        measure,
        measure_kind,
        period,
        cast(row_count as bigint) as row_count,
        {{ profile_value('measure_kind', 'numerator', 'row_count') }} as value,
        profile_date

    from summed
    where is_whole

)

select * from valued
