-- Grain: one row per customer of the spine: what came back, how often, and whether money is owed.
with spine as (

    select * from {{ ref('int_customer_spine') }}

),

orders as (

    select * from {{ ref('int_customer_orders') }}

),

returns as (

    select * from {{ ref('int_customer_returns') }}

),

joined as (

    select
        spine.customer_id,
        cast(coalesce(orders.returned_order_count, 0) as bigint) as returned_order_count,
        {% for column in ['size_return_count_180d', 'exchange_count_365d', 'goodwill_refund_count_365d'] %}
        cast(coalesce(returns.{{ column }}, 0) as bigint) as {{ column }},
        {% endfor %}
        cast(orders.returned_unit_count as double) / nullif(orders.unit_count, 0) as unit_return_rate,
        cast(orders.returned_unit_count_365d as double) / nullif(orders.unit_count_365d, 0) as unit_return_rate_365d,
        {{ days_between('returns.last_return_date', as_of_date()) }} as days_since_last_return,
        coalesce(orders.first_order_is_refunded, false) as first_order_is_refunded,
        coalesce(returns.has_pending_refund, false) as has_pending_refund

    from spine
    left join orders
        on spine.customer_id = orders.customer_id
    left join returns
        on spine.customer_id = returns.customer_id

)

select * from joined
