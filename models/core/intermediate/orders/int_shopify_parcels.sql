-- Grain: one row per Shopify order with a parcel: how many left, how many arrived, and when the last one did.
with parcels as (

    select * from {{ ref('stg_shopify__fulfillments') }}
    -- A parcel that was called off, or could not be made, moved nothing.
    where coalesce(status, 'success') not in ('cancelled', 'error', 'failure')

),

counted as (

    select
        source_order_id,
        count(*) as parcel_count,
        count(delivered_at) as delivered_parcel_count,
        max(shipped_at) as last_shipped_at,
        max(delivered_at) as last_delivered_at

    from parcels
    group by source_order_id

)

select * from counted
