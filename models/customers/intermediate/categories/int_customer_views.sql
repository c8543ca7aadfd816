-- Grain: one row per customer and product looked at in the last 30 days.
with views as (

    select
        customer_id,
        sku,
        occurred_date

    from {{ ref('int_web_events') }}
    where
        event_type = 'product_view'
        and customer_id is not null
        and sku is not null
        and {{ within_window('occurred_date', 30) }}

),

counted as (

    select
        customer_id,
        sku,
        count(*) as view_count_30d,
        max(occurred_date) as last_viewed_date

    from views
    group by customer_id, sku

)

select * from counted
