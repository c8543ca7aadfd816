-- Money of all customers is the money of their orders and returns: nothing gets lost or doubled on the way up.
with from_orders as (

    select
        sum(gross_revenue) as gross_revenue,
        sum(discounts) as discounts,
        sum(shipping_revenue) as shipping_revenue

    from {{ ref('orders') }}
    where is_counted and customer_id is not null

),

from_returns as (

    select sum(returns_amount) as returns_amount

    from {{ ref('returns') }}
    where is_counted and customer_id is not null

),

from_customers as (

    select
        sum(gross_revenue) as gross_revenue,
        sum(discounts) as discounts,
        sum(shipping_revenue) as shipping_revenue,
        sum(returns_amount) as returns_amount,
        sum(
            net_revenue - cogs - shipping_cost - payment_fees - marketplace_fees - return_handling_cost - service_cost
            - contribution_margin
        ) as unexplained_margin

    from {{ ref('customer_margin') }}

)

select
    from_customers.*,
    from_orders.gross_revenue as orders_gross_revenue,
    from_returns.returns_amount as returns_returns_amount

from from_customers
cross join from_orders
cross join from_returns
where coalesce(from_customers.gross_revenue, 0) <> coalesce(from_orders.gross_revenue, 0)
    or coalesce(from_customers.discounts, 0) <> coalesce(from_orders.discounts, 0)
    or coalesce(from_customers.shipping_revenue, 0) <> coalesce(from_orders.shipping_revenue, 0)
    or coalesce(from_customers.returns_amount, 0) <> coalesce(from_returns.returns_amount, 0)
    or coalesce(from_customers.unexplained_margin, 0) <> 0
