-- Grain: one row per segment, day evaluated the day after another, and measure: entered, left, or the change of size.
-- `flow` is what is judged: twice the root of a count, which scatters by 1 whatever its level if customers come one by
-- one (Anscombe), and the plain change of size with the scatter that its comings and goings give it.
with growth as (

    select * from {{ ref('segment_growth') }}
    where {{ within_window('as_of_date', var('anomaly_days') + 112) }}

),

-- A rule's days belong together; those of another rule are no measure for them.
runs as (

    select
        as_of_date,
        segment_key,
        previous_as_of_date,
        change_count,
        entered_count - entered_by_initial_load_count as entered_count,
        left_count,
        is_rule_changed,
        sum(case when is_rule_changed then 1 else 0 end) over (
            partition by segment_key
            order by as_of_date
            rows between unbounded preceding and current row
        ) as run_number

    from growth

),

daily as (

    select
        as_of_date,
        segment_key,
        change_count,
        entered_count,
        left_count,
        is_rule_changed,
        -- The first day of a rule is measured by the days of the rule before it, and is no measure itself.
        case when is_rule_changed then run_number - 1 else run_number end as reference_run

    from runs
    where previous_as_of_date = {{ days_before('as_of_date', 1) }}

),

flows as (

    {% for measure, flow, floor in [
        ('entered', '2 * sqrt(entered_count + 0.375)', '1'),
        ('left', '2 * sqrt(left_count + 0.375)', '1'),
        ('size', 'change_count', 'sqrt(entered_count + left_count + 1)')
    ] %}
    select
        as_of_date,
        segment_key,
        '{{ measure }}' as measure,
        reference_run,
        is_rule_changed,
        {{ weekday_number('as_of_date') }} as weekday,
        cast({{ flow }} as double) as flow,
        cast({{ floor }} as double) as least_scatter
    from daily
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select * from flows
