-- Grain: one row per customer who kept a product and bought nothing like its natural add-on, which is in stock now.
with bought as (

    select * from {{ ref('int_customer_products') }}

),

bought_groups as (

    select distinct
        customer_id,
        product_group
    from bought

),

lacking as (

    select
        bought.customer_id,
        bought.sku as main_sku,
        bought.last_kept_date,
        add_ons.related_sku,
        add_ons.is_stated

    from bought
    inner join {{ ref('int_add_ons') }} as add_ons
        on bought.sku = add_ons.sku
    left join bought_groups as has_group
        on bought.customer_id = has_group.customer_id
            and add_ons.related_group = has_group.product_group
            and not add_ons.is_same_group
    left join bought as has_product
        on bought.customer_id = has_product.customer_id
            and add_ons.related_sku = has_product.sku
    where
        bought.last_kept_date is not null
        and has_group.customer_id is null
        and has_product.customer_id is null

),

-- Add-ons stated in the catalogue come first, then those of the product bought last.
ranked as (

    select
        *,
        row_number() over (
            partition by customer_id order by is_stated desc, last_kept_date desc, related_sku, main_sku
        ) as place
    from lacking

),

missing as (

    select
        ranked.customer_id,
        ranked.related_sku as missing_add_on_sku,
        products.category as missing_add_on_category,
        ranked.main_sku,
        ranked.last_kept_date as main_ordered_date,
        ranked.is_stated

    from ranked
    inner join {{ ref('int_products') }} as products
        on ranked.related_sku = products.sku
    where ranked.place = 1

)

select * from missing
