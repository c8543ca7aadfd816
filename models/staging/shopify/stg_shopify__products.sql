-- Grain: one row per product of the shop.
with versions as (

    {{ latest_version('shopify', 'product') }}

),

renamed as (

    select
        id as source_product_id,
        title,
        product_type,
        vendor,
        known_at

    from versions

)

select * from renamed
