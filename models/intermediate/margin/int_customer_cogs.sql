-- Grain: one row per customer: cost of the goods kept from orders that count, and how much of it is known.
with lines as (

    select * from {{ ref('order_lines') }}
    where is_counted and line_type = 'product' and customer_id is not null

),

totals as (

    select
        customer_id,
        sum(coalesce(cogs, 0)) as cogs,
        sum(case when has_known_cost then discounted_revenue else 0 end) as revenue_with_known_cost,
        sum(discounted_revenue) as product_revenue

    from lines
    group by customer_id

)

select * from totals
