-- Grain: one row per discount of an order.
with versions as (

    {{ latest_version('shopify', 'discount_application') }}

),

renamed as (

    select
        order_id as source_order_id,
        index as application_index,
        code,
        title,
        type,
        target_type,
        value,
        value_type,
        known_at

    from versions

)

select * from renamed
