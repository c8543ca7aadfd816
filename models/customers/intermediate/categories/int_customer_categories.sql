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
        count(distinct ordered_date) as order_day_count,
        sum(discounted_revenue) as revenue,
        min(ordered_date) as first_ordered_date,
        max(ordered_date) as last_ordered_date

    from lines
    group by customer_id, category

),

shared as (

    select
        *,
        cast(order_day_count as double) / sum(order_day_count) over (partition by customer_id) as order_day_share,
        min(first_ordered_date) over (partition by customer_id) as customer_first_ordered_date

    from bought

)

select * from shared
