-- Grain: one row per inventory item and location.
with versions as (

    {{ latest_version('shopify', 'inventory_level') }}

),

renamed as (

    select
        id as inventory_level_id,
        inventory_item_id,
        location_id,
        known_at

    from versions

)

select * from renamed
