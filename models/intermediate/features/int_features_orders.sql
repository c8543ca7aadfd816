-- Grain: one row per customer of the spine: what their orders say; null or 0 when they never bought.
with spine as (

    select * from {{ ref('int_customer_spine') }}

),

orders as (

    select * from {{ ref('int_customer_orders') }}

),

first_orders as (

    select
        customer_id,
        -- Money given back out of goodwill, with the goods kept, leaves the order a purchase.
        returned_unit_count > 0 as first_order_is_refunded

    from {{ ref('orders') }}
    where customer_order_number = 1

),

joined as (

    select
        spine.customer_id,
        {% for window in ['', '_30d', '_90d', '_180d', '_365d', '_730d'] %}
        cast(coalesce(orders.order_count{{ window }}, 0) as bigint) as order_count{{ window }},
        {% endfor %}
        orders.first_order_date,
        orders.last_order_date,
        {{ days_between('orders.first_order_date', as_of_date()) }} as days_since_first_order,
        {{ days_between('orders.last_order_date', as_of_date()) }} as days_since_last_order,
        orders.days_before_last_order,
        cast(orders.order_value / nullif(orders.order_count, 0) as decimal(18, 2)) as average_order_value,
        cast(orders.online_order_share as double) as online_order_share,
        cast(orders.returned_unit_count as double) / nullif(orders.unit_count, 0) as unit_return_rate,
        cast(coalesce(orders.returned_order_count, 0) as bigint) as returned_order_count,
        coalesce(first_orders.first_order_is_refunded, false) as first_order_is_refunded,
        cast(cycle.expected_interval_days as double) as expected_interval_days,
        cast(cycle.overdue_ratio as double) as overdue_ratio,
        prices.promoted_share,
        prices.full_price_share,
        cast(coalesce(returns.size_return_count_180d, 0) as bigint) as size_return_count_180d,
        coalesce(returns.has_pending_refund, false) as has_pending_refund

    from spine
    left join orders
        on spine.customer_id = orders.customer_id
    left join first_orders
        on spine.customer_id = first_orders.customer_id
    left join {{ ref('int_customer_order_cycle') }} as cycle
        on spine.customer_id = cycle.customer_id
    left join {{ ref('int_customer_prices') }} as prices
        on spine.customer_id = prices.customer_id
    left join {{ ref('int_customer_returns') }} as returns
        on spine.customer_id = returns.customer_id

)

select * from joined
