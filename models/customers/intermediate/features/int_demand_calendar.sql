-- Grain: one row per day, 30 years back and 4 ahead: its seasonal demand, 1 on average, and the running total.
-- Time measured in these days passes faster before Christmas and slower in a quiet month, so that no customer is
-- overdue merely because of the season. Without two whole years of orders every day counts as one.
with months as (

    select
        cast(date_trunc('month', ordered_date) as date) as month_start,
        count(*) as order_count

    from {{ ref('orders') }}
    where is_counted and ordered_date <= {{ as_of_date() }}
    group by cast(date_trunc('month', ordered_date) as date)

),

days as (

    {{ day_spine(10957, 1461) }}

),

-- Whole months only: from the one after the first order to the last one that has ended by as_of_date.
month_lengths as (

    select
        cast(date_trunc('month', day) as date) as month_start,
        count(*) as day_count

    from days
    where
        day >= (select cast(min(months.month_start) + interval '1' month as date) from months)
        and day <= {{ as_of_date() }}
    group by cast(date_trunc('month', day) as date)
    having
        count(*) >= 28
        and cast(max(day) + 1 as date) = cast(cast(date_trunc('month', min(day)) as date) + interval '1' month as date)

),

rates as (

    select
        month_lengths.month_start,
        cast(coalesce(months.order_count, 0) as double) / month_lengths.day_count as daily_orders

    from month_lengths
    left join months
        on month_lengths.month_start = months.month_start

),

-- The centred twelve-month mean around each month, with half weight at both ends.
trended as (

    select
        month_start,
        daily_orders,
        (
            sum(daily_orders) over (order by month_start rows between 5 preceding and 5 following)
            + 0.5 * lag(daily_orders, 6) over (order by month_start)
            + 0.5 * lead(daily_orders, 6) over (order by month_start)
        ) / 12 as yearly_level

    from rates

),

factors as (

    select
        extract(month from month_start) as month_of_year,
        avg(daily_orders / yearly_level) as factor

    from trended
    where yearly_level > 0
    group by extract(month from month_start)

),

known as (

    select
        count(*) as month_count,
        avg(factor) as mean_factor

    from factors

),

-- Bounded, so that one unusual month of a young shop neither stops the clock nor makes it race.
weighted as (

    select
        days.day,
        case
            when known.month_count = 12
                then {{ to_decimal('least(greatest(factors.factor / known.mean_factor, 0.5), 2)', 9, 4) }}
            else cast(1 as decimal(9, 4))
        end as demand_weight

    from days
    cross join known
    left join factors
        on extract(month from days.day) = factors.month_of_year

),

summed as (

    select
        day,
        demand_weight,
        cast(sum(demand_weight) over (order by day rows unbounded preceding) as decimal(18, 4)) as demand_day

    from weighted

)

select * from summed
