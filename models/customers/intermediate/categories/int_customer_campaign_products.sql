-- Grain: one row per customer who bought and kept a product of campaign_products in the last 365 days.
with declared as (

    select
        nullif(trim(sku), '') as sku,
        nullif(trim(category), '') as category

    from {{ ref('campaign_products') }}

),

skus as (

    select products.sku
    from {{ ref('int_products') }} as products
    inner join declared
        on products.sku = declared.sku

    union

    select products.sku
    from {{ ref('int_products') }} as products
    inner join declared
        on products.category = declared.category

),

owners as (

    select distinct bought.customer_id

    from {{ ref('int_customer_products') }} as bought
    inner join skus
        on bought.sku = skus.sku
    where {{ within_window('bought.last_kept_date', 365) }}

)

select * from owners
