-- Grain: one row per parcel of an order.
with versions as (

    {{ latest_version('shopify', 'fulfillment') }}

),

renamed as (

    select
        id as source_fulfillment_id,
        order_id as source_order_id,
        lower(status) as status,
        shipment_status,
        created_at as shipped_at,
        -- There is no delivery timestamp: the last change to a delivered parcel is its delivery.
        case when shipment_status = 'delivered' then updated_at end as delivered_at,
        known_at

    from versions

)

select * from renamed
