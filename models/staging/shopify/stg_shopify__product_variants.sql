-- Grain: one row per variant of a product.
with versions as (

    {{ latest_version('shopify', 'product_variant') }}

),

renamed as (

    select
        id as source_variant_id,
        product_id as source_product_id,
        inventory_item_id,
        sku,
        price,
        compare_at_price,
        inventory_quantity,
        coalesce(available_for_sale, false) as is_available_for_sale,
        known_at

    from versions

)

select * from renamed
