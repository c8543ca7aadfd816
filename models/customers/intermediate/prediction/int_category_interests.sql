-- Grain: one row per customer who may be profiled and bought, and category viewed, bought, or whose likelihood past
-- purchases change.
with bought as (

    select bought.*
    from {{ ref('int_customer_categories') }} as bought
    inner join {{ ref('int_customer_purchases') }} as buyers
        on bought.customer_id = buyers.customer_id

),

viewed as (

    select
        views.customer_id,
        products.category,
        count(*) as view_count

    from {{ ref('int_web_events') }} as views
    inner join {{ ref('products') }} as products
        on views.sku = products.sku
    inner join {{ ref('int_customer_purchases') }} as buyers
        on views.customer_id = buyers.customer_id
    where
        views.event_type = 'product_view'
        and products.category is not null
        and {{ within_window('views.occurred_date', 90) }}
    group by views.customer_id, products.category

),

-- Weighted by the share of each category in the customer's purchase days. Only for training customers: for others, such
-- as relay addresses, overall popularity predicts better.
lifts as (

    select
        bought.customer_id,
        affinities.related_category as category,
        1 + cast({{ exact_sum('bought.order_day_share * (affinities.applied_lift - 1)') }} as double) as lift

    from bought
    inner join {{ ref('int_category_training_customers') }} as training_customers
        on bought.customer_id = training_customers.customer_id
    inner join {{ ref('category_affinities') }} as affinities
        on bought.category = affinities.category
            and affinities.applied_lift <> 1
    group by bought.customer_id, affinities.related_category

),

interests as (

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
    from lifts

),

joined as (

    select
        interests.customer_id,
        interests.category,
        cast(coalesce(viewed.view_count, 0) as double) as view_count_90d,
        coalesce(lifts.lift, 1) as affinity_lift,
        cast(coalesce(bought.order_day_count, 0) as bigint) as order_day_count

    from interests
    left join bought
        on interests.customer_id = bought.customer_id
            and interests.category = bought.category
    left join viewed
        on interests.customer_id = viewed.customer_id
            and interests.category = viewed.category
    left join lifts
        on interests.customer_id = lifts.customer_id
            and interests.category = lifts.category

)

select * from joined
