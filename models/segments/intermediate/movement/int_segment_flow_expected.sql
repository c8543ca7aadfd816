-- Grain: one row per segment, day and measure with four same weekdays before it: what its own past lets expect.
-- The median of the same weekday in the eight weeks before, carried on by the median change over four weeks.
with flows as (

    select * from {{ ref('int_segment_daily_flows') }}

),

usual as (

    select * from flows
    where not is_rule_changed

),

weekdays as (

    select
        flows.as_of_date,
        flows.segment_key,
        flows.measure,
        count(*) as weekday_count,
        median(usual.flow) as weekday_flow,
        median(usual.least_scatter) as weekday_scatter,
        avg({{ days_between('usual.as_of_date', 'flows.as_of_date') }}) as weekday_age_days

    from flows
    inner join usual
        on
            flows.segment_key = usual.segment_key
            and flows.measure = usual.measure
            and flows.reference_run = usual.reference_run
            and flows.weekday = usual.weekday
            and flows.as_of_date > usual.as_of_date
            and {{ days_before('flows.as_of_date', 56) }} <= usual.as_of_date
    group by flows.as_of_date, flows.segment_key, flows.measure

),

four_weeks as (

    select
        usual.as_of_date,
        usual.segment_key,
        usual.measure,
        usual.reference_run,
        usual.flow - earlier.flow as change

    from usual
    inner join usual as earlier
        on
            usual.segment_key = earlier.segment_key
            and usual.measure = earlier.measure
            and usual.reference_run = earlier.reference_run
            and earlier.as_of_date = {{ days_before('usual.as_of_date', 28) }}

),

trends as (

    select
        flows.as_of_date,
        flows.segment_key,
        flows.measure,
        median(four_weeks.change) as change

    from flows
    inner join four_weeks
        on
            flows.segment_key = four_weeks.segment_key
            and flows.measure = four_weeks.measure
            and flows.reference_run = four_weeks.reference_run
            and flows.as_of_date > four_weeks.as_of_date
            and {{ days_before('flows.as_of_date', 28) }} <= four_weeks.as_of_date
    group by flows.as_of_date, flows.segment_key, flows.measure
    having count(*) >= 14

),

expected as (

    select
        flows.as_of_date,
        flows.segment_key,
        flows.measure,
        flows.reference_run,
        flows.is_rule_changed,
        flows.weekday,
        flows.flow,
        -- On a busy weekday more comes and goes, and scatters more.
        weekdays.weekday_scatter as least_scatter,
        weekdays.weekday_flow + coalesce(trends.change, 0) * weekdays.weekday_age_days / 28 as expected_flow

    from flows
    inner join weekdays
        on
            flows.as_of_date = weekdays.as_of_date
            and flows.segment_key = weekdays.segment_key
            and flows.measure = weekdays.measure
    left join trends
        on
            flows.as_of_date = trends.as_of_date
            and flows.segment_key = trends.segment_key
            and flows.measure = trends.measure
    where weekdays.weekday_count >= 4

)

select * from expected
