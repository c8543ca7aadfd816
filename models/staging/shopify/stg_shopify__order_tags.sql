-- Grain: one row per order and tag.
with versions as (

    {{ latest_version('shopify', 'order_tag') }}

),

renamed as (

    select
        order_id as source_order_id,
        index as tag_index,
        lower(value) as tag,
        known_at

    from versions

)

select * from renamed
