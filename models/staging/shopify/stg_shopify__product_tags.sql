-- Grain: one row per product and tag.
with versions as (

    {{ latest_version('shopify', 'product_tag') }}

),

renamed as (

    select
        product_id as source_product_id,
        index as tag_index,
        lower(value) as tag,
        known_at

    from versions

)

select * from renamed
