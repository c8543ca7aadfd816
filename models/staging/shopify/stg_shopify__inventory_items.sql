-- Grain: one row per inventory item, which carries the cost.
with versions as (

    {{ latest_version('shopify', 'inventory_item') }}

),

renamed as (

    select
        id as inventory_item_id,
        sku,
        upper(unit_cost_currency_code) as cost_currency,
        unit_cost_amount as unit_cost,
        known_at

    from versions

)

select * from renamed
