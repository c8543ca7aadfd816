-- Grain: one row per customer, category and day with an order that counts.
with lines as (

    select * from {{ ref('order_lines') }}
    where is_counted and line_type = 'product' and customer_id is not null and category is not null

),

orders_in_category as (

    select
        customer_id,
        category,
        ordered_date,
        order_id,
        sum(discounted_revenue) as revenue

    from lines
    group by customer_id, category, ordered_date, order_id

),

days as (

    select
        customer_id,
        category,
        ordered_date,
        count(*) as order_count,
        sum(revenue) as revenue

    from orders_in_category
    group by customer_id, category, ordered_date

)

select * from days
