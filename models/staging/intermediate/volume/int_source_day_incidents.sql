-- Grain: one row per source table and day of the last year with an incident: far fewer rows than usual for the weekday
-- (outage), or far more rows than usual about events of days before (late).
with volume as (

    select * from {{ ref('int_source_volume_daily') }}

),

late_rows as (

    select * from {{ ref('int_source_late_daily') }}

),

days as (

    {{ day_spine(var('anomaly_days') + 56) }}

),

first_days as (

    select
        source,
        table_name,
        min(known_date) as first_known_date

    from volume
    group by source, table_name

),

-- A day without rows counts as zero, from the table's first delivery on.
daily as (

    select
        first_days.source,
        first_days.table_name,
        days.day,
        coalesce(volume.row_count, 0) as row_count,
        coalesce(late_rows.late_row_count, 0) as late_row_count,
        {{ weekday_number('days.day') }} as weekday

    from first_days
    inner join days
        on first_days.first_known_date <= days.day
    left join volume
        on
            first_days.source = volume.source
            and first_days.table_name = volume.table_name
            and days.day = volume.known_date
    left join late_rows
        on
            first_days.source = late_rows.source
            and first_days.table_name = late_rows.table_name
            and days.day = late_rows.known_date

),

usual as (

    select
        daily.source,
        daily.table_name,
        daily.day,
        daily.row_count,
        daily.late_row_count,
        median(earlier.row_count) as usual_rows,
        median(earlier.late_row_count) as usual_late_rows

    from daily
    inner join daily as earlier
        on
            daily.source = earlier.source
            and daily.table_name = earlier.table_name
            and daily.day > earlier.day
            and {{ days_before('daily.day', 56) }} <= earlier.day
            and daily.weekday = earlier.weekday
    group by daily.source, daily.table_name, daily.day, daily.row_count, daily.late_row_count
    having count(*) >= 3

),

classified as (

    select
        *,
        case
            when row_count < 0.5 * usual_rows and usual_rows - row_count >= 3 * sqrt(usual_rows) and usual_rows >= 9
                then 'outage'
            when late_row_count >= 10 and late_row_count >= 0.2 * row_count
                and late_row_count - usual_late_rows >= 4 * sqrt(usual_late_rows + 1)
                then 'late'
        end as fault

    from usual

),

incidents as (

    select
        source,
        table_name,
        day,
        fault,
        row_count,
        usual_rows,
        late_row_count

    from classified
    where fault is not null

)

select * from incidents
