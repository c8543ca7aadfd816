-- Grain: one row per line of an order.
with versions as (

    {{ latest_version('shopify', 'order_line') }}

),

renamed as (

    select
        id as source_line_id,
        order_id as source_order_id,
        sku,
        title,
        quantity,
        price as unit_price,
        total_discount,
        lower(fulfillment_status) as fulfillment_status,
        coalesce(taxable, true) as is_taxable,
        coalesce(gift_card, false) as is_gift_card,
        known_at

    from versions

)

select * from renamed
