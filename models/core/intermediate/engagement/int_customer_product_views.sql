-- Grain: one row per customer and product looked at on the web in the 90 days that end with as_of_date.
with events as (

    select * from {{ ref('int_web_events') }}
    where
        customer_id is not null
        and event_type = 'product_view'
        and sku is not null
        and {{ within_window('occurred_date', 90) }}

),

products as (

    select * from {{ ref('int_products') }}

),

viewed as (

    select
        customer_id,
        sku,
        max(category) as category,
        count(*) as view_count_90d,
        count(*) filter (where {{ within_window('occurred_date', 30) }}) as view_count_30d,
        max(occurred_at) as last_viewed_at

    from events
    group by customer_id, sku

),

-- The catalogue's category where it has the product, else what the tracking tool called it.
joined as (

    select
        viewed.customer_id,
        viewed.sku,
        coalesce(products.category, viewed.category) as category,
        viewed.view_count_90d,
        viewed.view_count_30d,
        viewed.last_viewed_at

    from viewed
    left join products
        on viewed.sku = products.sku

)

select * from joined
