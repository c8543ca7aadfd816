-- Grain: one row per segment, day evaluated the day after another, and measure (entered, left, or the change of size)
-- with at least four same weekdays before it: what is expected from its history. `flow` is the value evaluated: twice
-- the root of a count, whose standard deviation is 1 at any level for independent customers (Anscombe), or the plain
-- change of size with the scatter implied by its entries and exits. The expectation is the median of the same weekday
-- in the eight weeks before, extrapolated by the median change over four weeks.
{%- set same_weekday = 'filter (where flows.weekday = usual.weekday)' %}
{%- set last_four_weeks = 'filter (where ' ~ days_before('flows.as_of_date', 28) ~ ' <= usual.as_of_date)' %}
with growth as (

    select
        *,
        entered_count - entered_by_initial_load_count as newcomer_count,
        -- Days are only compared with days of the same rule.
        sum(case when is_rule_changed then 1 else 0 end) over (
            partition by segment_key
            order by as_of_date
            rows between unbounded preceding and current row
        ) as run_number

    from {{ ref('segment_growth') }}
    where {{ within_window('as_of_date', var('anomaly_days') + 112) }}

),

flows as (

    {% for measure, flow, least_scatter in [
        ('entered', '2 * sqrt(newcomer_count + 0.375)', '1'),
        ('left', '2 * sqrt(left_count + 0.375)', '1'),
        ('size', 'change_count', 'sqrt(newcomer_count + left_count + 1)')
    ] %}
    select
        as_of_date,
        segment_key,
        '{{ measure }}' as measure,
        {{ weekday_number('as_of_date') }} as weekday,
        -- The first day of a rule is compared with days of the previous rule, and no other day is compared with it.
        case when is_rule_changed then run_number - 1 else run_number end as reference_run,
        is_rule_changed,
        cast({{ flow }} as double) as flow,
        cast({{ least_scatter }} as double) as least_scatter
    from growth
    where previous_as_of_date = {{ days_before('as_of_date', 1) }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

usual as (

    select
        flows.*,
        flows.flow - earlier.flow as change

    from flows
    left join flows as earlier
        on
            flows.segment_key = earlier.segment_key
            and flows.measure = earlier.measure
            and flows.reference_run = earlier.reference_run
            and {{ days_before('flows.as_of_date', 28) }} = earlier.as_of_date
            and not earlier.is_rule_changed
    where not flows.is_rule_changed

),

past as (

    select
        flows.as_of_date,
        flows.segment_key,
        flows.measure,
        count(*) {{ same_weekday }} as weekday_count,
        median(usual.flow) {{ same_weekday }} as weekday_flow,
        median(usual.least_scatter) {{ same_weekday }} as weekday_scatter,
        avg({{ days_between('usual.as_of_date', 'flows.as_of_date') }}) {{ same_weekday }} as weekday_age_days,
        median(usual.change) {{ last_four_weeks }} as change,
        count(usual.change) {{ last_four_weeks }} as change_count

    from flows
    inner join usual
        on
            flows.segment_key = usual.segment_key
            and flows.measure = usual.measure
            and flows.reference_run = usual.reference_run
            and flows.as_of_date > usual.as_of_date
            and {{ days_before('flows.as_of_date', 56) }} <= usual.as_of_date
    group by flows.as_of_date, flows.segment_key, flows.measure

),

expected as (

    select
        flows.as_of_date,
        flows.segment_key,
        flows.measure,
        flows.weekday,
        flows.reference_run,
        flows.is_rule_changed,
        flows.flow,
        -- Busy weekdays have more entries and exits, and more scatter.
        past.weekday_scatter as least_scatter,
        past.weekday_flow
        + case when past.change_count >= 14 then past.change else 0 end * past.weekday_age_days / 28 as expected_flow

    from flows
    inner join past
        on
            flows.as_of_date = past.as_of_date
            and flows.segment_key = past.segment_key
            and flows.measure = past.measure
    where past.weekday_count >= 4

)

select * from expected
