-- Grain: one row per customer who may be profiled and bought, and category: looked at, led to by what they own, bought.
with buyers as (

    select customer_id from {{ ref('int_customer_purchases') }}

),

bought as (

    select
        customer_id,
        category,
        order_day_count

    from {{ ref('int_customer_categories') }}

),

viewed as (

    select
        views.customer_id,
        products.category,
        count(*) as view_count

    from {{ ref('int_web_events') }} as views
    inner join {{ ref('products') }} as products
        on views.sku = products.sku
    where
        views.event_type = 'product_view'
        and products.category is not null
        and {{ within_window('views.occurred_date', 90) }}
    group by views.customer_id, products.category

),

pulled as (

    select
        customer_id,
        category,
        lift

    from {{ ref('int_customer_category_lifts') }}

),

signs as (

    select
        customer_id,
        category
    from bought
    union
    select
        customer_id,
        category
    from viewed
    union
    select
        customer_id,
        category
    from pulled

),

joined as (

    select
        signs.customer_id,
        signs.category,
        cast(coalesce(viewed.view_count, 0) as double) as view_count_90d,
        cast(coalesce(pulled.lift, 1) as double) as affinity_lift,
        cast(coalesce(bought.order_day_count, 0) as bigint) as order_day_count

    from signs
    inner join buyers
        on signs.customer_id = buyers.customer_id
    left join bought
        on signs.customer_id = bought.customer_id
            and signs.category = bought.category
    left join viewed
        on signs.customer_id = viewed.customer_id
            and signs.category = viewed.category
    left join pulled
        on signs.customer_id = pulled.customer_id
            and signs.category = pulled.category

)

select * from joined
