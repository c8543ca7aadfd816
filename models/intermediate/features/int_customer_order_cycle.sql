-- Grain: one row per customer with an order that counts: the interval at which the customer buys.
with orders as (

    select * from {{ ref('int_customer_orders') }}

),

personal as (

    select
        customer_id,
        {{ days_between('last_order_date', as_of_date()) }} as days_since_last_order,
        case
            when order_day_count >= 3
                then
                    cast({{ days_between('first_order_date', 'last_order_date') }} as double)
                    / (order_day_count - 1)
        end as personal_interval_days

    from orders

),

-- Too little history of one's own: the middle of those who have some.
pooled as (

    select median(personal_interval_days) as pooled_interval_days
    from personal

),

cycle as (

    select
        personal.customer_id,
        coalesce(personal.personal_interval_days, pooled.pooled_interval_days) as expected_interval_days,
        personal.days_since_last_order
        / nullif(coalesce(personal.personal_interval_days, pooled.pooled_interval_days), 0) as overdue_ratio

    from personal
    cross join pooled

)

select * from cycle
