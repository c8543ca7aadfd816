-- Grain: one row per customer who looked at products on the web in the 90 days that end with as_of_date.
with viewed as (

    select * from {{ ref('int_customer_product_views') }}

),

by_category as (

    select
        customer_id,
        category,
        sum(view_count_90d) as view_count,
        max(last_viewed_at) as last_viewed_at,
        -- Of two at one instant, always the same one.
        max_by(sku, concat(cast(last_viewed_at as {{ dbt.type_string() }}), '|', sku)) as last_viewed_sku,
        count(*) filter (where view_count_30d > 0) as product_count_30d

    from viewed
    group by customer_id, category

),

ranked as (

    select
        *,
        row_number() over (
            partition by customer_id
            order by case when category is null then 1 else 0 end, view_count desc, last_viewed_at desc, category
        ) as favourite_rank

    from by_category

),

summary as (

    select
        customer_id,
        max(category) filter (where favourite_rank = 1) as favourite_viewed_category_90d,
        max_by(category, concat(cast(last_viewed_at as {{ dbt.type_string() }}), '|', last_viewed_sku))
            as last_viewed_category_90d,
        max_by(last_viewed_sku, concat(cast(last_viewed_at as {{ dbt.type_string() }}), '|', last_viewed_sku))
            as last_viewed_sku_90d,
        sum(product_count_30d) as viewed_product_count_30d

    from ranked
    group by customer_id

)

select * from summary
