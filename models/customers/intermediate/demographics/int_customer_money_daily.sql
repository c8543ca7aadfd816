-- Grain: one row per customer and business day: sales to and returns from the customer that day.
-- Additive, so every window is one sum over it. Only orders that count, and returns that belong to them.
-- A view: one pass over orders and returns, so storing it would gain nothing.
{{ config(materialized='view') }}

with sales as (

    select
        customer_id,
        ordered_date as activity_date,
        count(*) as order_count,
        sum(gross_revenue) as gross_revenue,
        sum(discounts) as discounts,
        sum(shipping_revenue) as shipping_revenue

    from {{ ref('orders') }}
    where is_counted and customer_id is not null
    group by customer_id, ordered_date

),

returns as (

    select
        customer_id,
        returned_date as activity_date,
        sum(returns_amount) as returns_amount

    from {{ ref('returns') }}
    where is_counted and customer_id is not null
    group by customer_id, returned_date

),

combined as (

    select
        coalesce(sales.customer_id, returns.customer_id) as customer_id,
        coalesce(sales.activity_date, returns.activity_date) as activity_date,
        coalesce(sales.order_count, 0) as order_count,
        coalesce(sales.gross_revenue, 0) as gross_revenue,
        coalesce(sales.discounts, 0) as discounts,
        coalesce(returns.returns_amount, 0) as returns_amount,
        coalesce(sales.shipping_revenue, 0) as shipping_revenue

    from sales
    full outer join returns
        on sales.customer_id = returns.customer_id
            and sales.activity_date = returns.activity_date

),

with_net as (

    select
        combined.*,
        gross_revenue - discounts - returns_amount + shipping_revenue as net_revenue

    from combined

)

select * from with_net
