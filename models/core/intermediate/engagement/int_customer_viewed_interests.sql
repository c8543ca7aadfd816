-- Grain: one row per customer who viewed products on the web in the 90 days that end with as_of_date.
with viewed as (

    select
        customer_id,
        sku,
        max(category) as category,
        count(*) as view_count,
        max(occurred_at) as last_viewed_at

    from {{ ref('int_web_events') }}
    where
        customer_id is not null
        and event_type = 'product_view'
        and sku is not null
        and {{ within_window('occurred_date', 90) }}
    group by customer_id, sku

),

-- The catalogue's category where it has the product, else what the tracking tool called it.
categorised as (

    select
        viewed.customer_id,
        viewed.sku,
        coalesce(products.category, viewed.category) as category,
        viewed.view_count,
        viewed.last_viewed_at

    from viewed
    left join {{ ref('int_products') }} as products
        on viewed.sku = products.sku

),

by_category as (

    select
        customer_id,
        category,
        sum(view_count) as view_count,
        max(last_viewed_at) as last_viewed_at,
        max_by(sku, (last_viewed_at, sku)) as last_viewed_sku

    from categorised
    group by customer_id, category

),

ranked as (

    select
        *,
        row_number() over (
            partition by customer_id
            order by
                case when category is null then 1 else 0 end, view_count desc, last_viewed_at desc, category nulls last
        ) as favourite_rank

    from by_category

),

summary as (

    select
        customer_id,
        max(category) filter (where favourite_rank = 1) as favourite_viewed_category_90d,
        max_by(category, (last_viewed_at, last_viewed_sku, category)) filter (where category is not null)
            as last_viewed_category_90d

    from ranked
    group by customer_id

)

select * from summary
