-- Grain: one row per refund.
with versions as (

    {{ latest_version('shopify', 'refund') }}

),

renamed as (

    select
        id as source_refund_id,
        order_id as source_order_id,
        coalesce(processed_at, created_at) as refunded_at,
        processed_at is not null as is_processed,
        known_at

    from versions

)

select * from renamed
