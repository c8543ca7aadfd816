-- Grain: one row per inventory level and state of its units.
with versions as (

    {{ latest_version('shopify', 'inventory_quantity') }}

),

renamed as (

    select
        id as inventory_quantity_id,
        inventory_level_id,
        inventory_item_id,
        lower(name) as state,
        quantity,
        known_at

    from versions

)

select * from renamed
