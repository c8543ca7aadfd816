-- Grain: one row per product, related product and type of relation.
with versions as (

    {{ latest_version('products', 'product_relation') }}

),

renamed as (

    select
        sku,
        related_sku,
        relation_type,
        known_at

    from versions

)

select * from renamed
