-- Grain: one row per discount code used on an order.
with versions as (

    {{ latest_version('shopify', 'order_discount_code') }}

),

renamed as (

    select
        order_id as source_order_id,
        index as code_index,
        upper(code) as code,
        type,
        amount,
        known_at

    from versions

)

select * from renamed
