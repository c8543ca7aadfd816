-- Grain: one row per source table with a history: what came on as_of_date, and what the same weekday usually brings.
with limits as (

    select * from {{ ref('int_source_limits') }}
    where is_on

),

daily as (

    select * from {{ ref('int_source_volume_daily') }}

),

beginnings as (

    select
        source,
        table_name,
        min(known_date) as first_known_date

    from daily
    group by source, table_name

),

-- The same weekday in the weeks before, as far back as the table has rows; a day without rows counts as zero.
weekdays as (

    select
        limits.source,
        limits.table_name,
        {{ days_before(as_of_date(), '7 * weeks.week_number') }} as known_date

    from limits
    inner join beginnings
        on limits.source = beginnings.source and limits.table_name = beginnings.table_name
    cross join range(1, 54) as weeks (week_number)
    where
        weeks.week_number <= limits.volume_weeks
        and {{ days_before(as_of_date(), '7 * weeks.week_number') }} >= beginnings.first_known_date

),

history as (

    select
        weekdays.source,
        weekdays.table_name,
        coalesce(daily.row_count, 0) as row_count,
        median(cast(coalesce(daily.row_count, 0) as double)) over (
            partition by weekdays.source, weekdays.table_name
        ) as expected_rows

    from weekdays
    left join daily
        on weekdays.source = daily.source
            and weekdays.table_name = daily.table_name
            and weekdays.known_date = daily.known_date

),

usual as (

    select
        source,
        table_name,
        max(expected_rows) as expected_rows,
        median(abs(row_count - expected_rows)) as deviation_rows,
        count(*) filter (where row_count > 0) as weeks_with_rows,
        min(row_count) as least_rows

    from history
    group by source, table_name

),

joined as (

    select
        usual.*,
        coalesce(daily.row_count, 0) as day_rows,
        -- Counts vary by their square root even where the few weeks happen to agree.
        (coalesce(daily.row_count, 0) - usual.expected_rows)
        / greatest(1.4826 * usual.deviation_rows, sqrt(usual.expected_rows), 1) as deviation

    from usual
    left join daily
        on usual.source = daily.source
            and usual.table_name = daily.table_name
            and daily.known_date = {{ as_of_date() }}

)

select * from joined
