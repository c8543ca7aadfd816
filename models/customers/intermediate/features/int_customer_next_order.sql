-- Grain: one row per customer of int_customer_order_cycle with an expected interval: when the next order is expected.
-- The window holds the middle half of all gaps, as a share of each customer's own mean.
with cycle as (

    select * from {{ ref('int_customer_order_cycle') }}

),

steps as (

    select 0 as step
    union all
    select 1 as step

),

-- The first day by which a given number of days of average demand has passed. A calendar day can be worth up to two of
-- them, so each day also covers the number before its own.
first_days as (

    select
        cast(floor(calendar.demand_day) as bigint) - steps.step as demand_number,
        min(calendar.day) as first_day

    from {{ ref('int_demand_calendar') }} as calendar
    cross join steps
    group by cast(floor(calendar.demand_day) as bigint) - steps.step

),

gaps as (

    select
        customer_id,
        {{ days_between(
            'lag(ordered_date) over (partition by customer_id order by customer_order_number)', 'ordered_date'
        ) }} as gap_days

    from {{ ref('orders') }}
    where is_counted and customer_order_number is not null

),

means as (

    select
        customer_id,
        cast({{ days_between('first_order_date', 'last_order_date') }} as double) / (order_day_count - 1)
            as mean_gap_days

    from {{ ref('int_customer_orders') }}
    where order_day_count >= 5

),

spread as (

    select
        percentile_cont(0.25) within group (order by gaps.gap_days / means.mean_gap_days) as early_factor,
        percentile_cont(0.75) within group (order by gaps.gap_days / means.mean_gap_days) as late_factor

    from gaps
    inner join means
        on gaps.customer_id = means.customer_id
    where gaps.gap_days > 0

),

targets as (

    select
        cycle.customer_id,
        cast(ceil(cycle.expected_demand_day) as bigint) as expected_number,
        cast(floor(cycle.late_demand_day) + 1 as bigint) as late_number,
        cast(
            ceil(
                cycle.expected_demand_day
                + (coalesce(spread.early_factor, 0.5) - 1) * cycle.expected_interval_days
            ) as bigint
        ) as window_start_number,
        cast(
            ceil(
                cycle.expected_demand_day
                + (coalesce(spread.late_factor, 1.5) - 1) * cycle.expected_interval_days
            ) as bigint
        ) as window_end_number

    from cycle
    cross join spread
    where cycle.expected_interval_days is not null

),

dated as (

    select
        targets.customer_id,
        expected_days.first_day as expected_order_date,
        window_start_days.first_day as order_window_start_date,
        window_end_days.first_day as order_window_end_date,
        late_days.first_day as at_risk_from_date

    from targets
    {% for name in ['expected', 'window_start', 'window_end', 'late'] %}
    left join first_days as {{ name }}_days
        on targets.{{ name }}_number = {{ name }}_days.demand_number
    {% endfor %}

)

select * from dated
