-- Grain: one row per customer of the spine: how often, when, where and for how much they ordered, and when
-- the next order is expected.
with spine as (

    select * from {{ ref('int_customer_spine') }}

),

orders as (

    select * from {{ ref('int_customer_orders') }}

),

cycle as (

    select * from {{ ref('int_customer_order_cycle') }}

),

next_orders as (

    select * from {{ ref('int_customer_next_order') }}

),

joined as (

    select
        spine.customer_id,
        {% for window in ['', '_30d', '_90d', '_180d', '_365d', '_730d'] %}
        cast(coalesce(orders.order_count{{ window }}, 0) as bigint) as order_count{{ window }},
        {% endfor %}
        cast(coalesce(orders.order_channel_count, 0) as bigint) as order_channel_count,
        orders.first_order_date,
        orders.last_order_date,
        {{ days_between('orders.first_order_date', as_of_date()) }} as days_since_first_order,
        {{ days_between('orders.last_order_date', as_of_date()) }} as days_since_last_order,
        {{ to_cents('cast(orders.order_value as double) / nullif(orders.order_count, 0)') }} as average_order_value,
        {{ to_cents('cast(orders.order_value_365d as double) / nullif(orders.order_count_365d, 0)') }}
            as average_order_value_365d,
        cast(orders.highest_order_value as decimal(18, 2)) as highest_order_value,
        cast(orders.last_order_value as decimal(18, 2)) as last_order_value,
        cast(orders.unit_count as double) / nullif(orders.order_count, 0) as units_per_order,
        cast(orders.store_order_count as double) / nullif(orders.order_count, 0) as store_order_share,
        orders.preferred_order_channel,
        orders.first_order_channel,
        orders.preferred_payment_method,
        {{ weekday_name('orders.favourite_order_weekday') }} as favourite_order_weekday,
        orders.favourite_order_daypart,
        cast(cycle.expected_interval_days as double) as expected_interval_days,
        cast(cycle.overdue_ratio as double) as overdue_ratio,
        cycle.interval_basis,
        next_orders.expected_order_date,
        next_orders.order_window_start_date,
        next_orders.order_window_end_date,
        {{ days_between(as_of_date(), 'next_orders.expected_order_date') }} as expected_order_in_days

    from spine
    left join orders
        on spine.customer_id = orders.customer_id
    left join cycle
        on spine.customer_id = cycle.customer_id
    left join next_orders
        on spine.customer_id = next_orders.customer_id

)

select * from joined
