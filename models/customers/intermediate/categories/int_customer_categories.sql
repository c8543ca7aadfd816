-- Grain: one row per customer and category bought in orders that count.
with days as (

    select * from {{ ref('int_customer_category_days') }}

),

bought as (

    select
        customer_id,
        category,
        cast(sum(order_count) as bigint) as order_count,
        count(*) as order_day_count,
        sum(revenue) as revenue,
        min(ordered_date) as first_ordered_date,
        max(ordered_date) as last_ordered_date

    from days
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
