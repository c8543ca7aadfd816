-- Grain: one row per segment, day and measure with two weeks of expectations before it: how far it is from expected,
-- in units of how far it usually is.
with expected as (

    select * from {{ ref('int_segment_flow_expected') }}

),

judged as (

    select * from expected
    where {{ within_window('as_of_date', var('anomaly_days')) }}

),

scatter as (

    select
        judged.as_of_date,
        judged.segment_key,
        judged.measure,
        count(*) as day_count,
        -- 1.4826 times the median distance is the standard deviation where errors are normal.
        1.4826 * median(abs(earlier.flow - earlier.expected_flow) / earlier.least_scatter) as usual_multiple,
        -- Some weekdays are wilder than others.
        1.4826 * median(abs(earlier.flow - earlier.expected_flow) / earlier.least_scatter) filter (
            where earlier.weekday = judged.weekday
        ) as weekday_multiple

    from judged
    inner join expected as earlier
        on
            judged.segment_key = earlier.segment_key
            and judged.measure = earlier.measure
            and judged.reference_run = earlier.reference_run
            and judged.as_of_date > earlier.as_of_date
            and {{ days_before('judged.as_of_date', 56) }} <= earlier.as_of_date
            and not earlier.is_rule_changed
    group by judged.as_of_date, judged.segment_key, judged.measure

),

scattered as (

    select
        judged.as_of_date,
        judged.segment_key,
        judged.measure,
        judged.flow,
        judged.expected_flow,
        judged.least_scatter
        * greatest(scatter.usual_multiple, coalesce(scatter.weekday_multiple, 0), 1) as scatter

    from judged
    inner join scatter
        on
            judged.as_of_date = scatter.as_of_date
            and judged.segment_key = scatter.segment_key
            and judged.measure = scatter.measure
    where scatter.day_count >= 14

),

scored as (

    select
        as_of_date,
        segment_key,
        measure,
        flow,
        expected_flow,
        scatter,
        (flow - expected_flow) / scatter as score

    from scattered

)

select * from scored
