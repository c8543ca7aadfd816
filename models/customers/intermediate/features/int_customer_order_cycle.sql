-- Grain: one row per customer with an order that counts: the interval at which the customer buys, when the next order
-- is expected, and how late it is. Intervals are in days of average demand (int_demand_calendar).
{%- set pooled_weight = var('cycle_pooled_gaps') %}
with calendar as (

    select * from {{ ref('int_demand_calendar') }}

),

measured as (

    select
        orders.customer_id,
        orders.last_order_date,
        orders.order_day_count - 1 as gap_count,
        categories.favourite_category,
        last_days.demand_day as last_demand_day,
        cast(last_days.demand_day - first_days.demand_day as double) as demand_span,
        cast(today.demand_day - last_days.demand_day as double) as waiting_days

    from {{ ref('int_customer_orders') }} as orders
    inner join calendar as first_days
        on orders.first_order_date = first_days.day
    inner join calendar as last_days
        on orders.last_order_date = last_days.day
    inner join calendar as today
        on today.day = {{ as_of_date() }}
    left join {{ ref('int_features_categories') }} as categories
        on orders.customer_id = categories.customer_id

),

-- The usual interval: the median of customers with two gaps or more, by favourite category where enough share it.
pooled_by_category as (

    select
        favourite_category,
        median(demand_span / gap_count) as pooled_interval

    from measured
    where gap_count >= 2 and favourite_category is not null
    group by favourite_category
    having count(*) >= {{ var('cycle_category_customers') }}

),

pooled_overall as (

    select median(demand_span / gap_count) as pooled_interval
    from measured
    where gap_count >= 2

),

-- The customer's own gaps, smoothed by some further gaps at the usual interval: two gaps alone are mostly chance.
intervals as (

    select
        measured.*,
        case
            when measured.gap_count >= 1 then 'own'
            when pooled_by_category.pooled_interval is not null then 'category'
            when pooled_overall.pooled_interval is not null then 'everyone'
        end as interval_basis,
        case
            when coalesce(pooled_by_category.pooled_interval, pooled_overall.pooled_interval) is null
                then measured.demand_span / nullif(measured.gap_count, 0)
            else
                (
                    measured.demand_span
                    + {{ pooled_weight }}
                    * coalesce(pooled_by_category.pooled_interval, pooled_overall.pooled_interval)
                ) / (measured.gap_count + {{ pooled_weight }})
        end as mean_interval

    from measured
    cross join pooled_overall
    left join pooled_by_category
        on measured.favourite_category = pooled_by_category.favourite_category

),

bounded as (

    select
        intervals.*,
        -- Not `greatest`, which would turn an unknown interval into one day.
        case when intervals.mean_interval < 1 then 1 else intervals.mean_interval end as expected_interval,
        limits.late_interval_factor

    from intervals
    cross join {{ ref('int_attribute_limits') }} as limits

),

cycle as (

    select
        customer_id,
        last_order_date,
        gap_count,
        interval_basis,
        cast({{ to_decimal('expected_interval', 18, 4) }} as double) as expected_interval_days,
        cast({{ to_decimal('waiting_days / expected_interval', 18, 4) }} as double) as overdue_ratio,
        last_demand_day + {{ to_decimal('expected_interval', 18, 4) }} as expected_demand_day,
        last_demand_day + {{ to_decimal('late_interval_factor * expected_interval', 18, 4) }} as late_demand_day

    from bounded

)

select * from cycle
