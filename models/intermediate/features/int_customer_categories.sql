-- Grain: one row per customer and category bought in orders that count.
with lines as (

    select * from {{ ref('order_lines') }}
    where is_counted and line_type = 'product' and customer_id is not null and category is not null

),

bought as (

    select
        customer_id,
        category,
        count(distinct order_id) as order_count,
        sum(discounted_revenue) as revenue,
        max(ordered_date) as last_ordered_date

    from lines
    group by customer_id, category

)

select * from bought
