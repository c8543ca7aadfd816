-- Grain: one row per line of a marketplace order; amounts are for the whole line, without tax.
with versions as (

    {{ latest_version('marketplace', 'order_item') }}

),

renamed as (

    select
        order_item_id as source_line_id,
        order_id as source_order_id,
        sku,
        title,
        quantity,
        item_price,
        item_tax,
        coalesce(promotion_discount, 0) as promotion_discount,
        known_at

    from versions

)

select * from renamed
