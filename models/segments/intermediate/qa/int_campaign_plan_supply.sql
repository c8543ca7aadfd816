-- Grain: one row per open campaign plan that promotes products: how many there are, and what of them can be sold.
with plans as (

    select * from {{ ref('int_campaign_plans') }}

),

products as (

    select * from {{ ref('products') }}

),

promoted as (

    select
        plan_key,
        'sku' as named_by,
        {{ split_to_rows('products') }} as raw_item

    from plans
    where products is not null

    union all

    select
        plan_key,
        'category' as named_by,
        {{ split_to_rows('categories') }} as raw_item

    from plans
    where categories is not null

),

-- A product that two items name is promoted once.
plan_products as (

    select distinct
        promoted.plan_key,
        coalesce(products.sku, trim(promoted.raw_item)) as sku,
        products.is_in_stock,
        products.available_units

    from promoted
    left join products
        on
            (promoted.named_by = 'sku' and products.sku = trim(promoted.raw_item))
            or (promoted.named_by = 'category' and products.category = trim(promoted.raw_item))

),

supply as (

    select
        plan_key,
        count(*) as product_count,
        sum(case when is_in_stock then 1 else 0 end) as in_stock_count,
        min(case when not coalesce(is_in_stock, false) then sku end) as missing_sku,
        sum(case when is_in_stock then available_units else 0 end) as available_units,
        count(available_units) as counted_count

    from plan_products
    group by plan_key

)

select * from supply
