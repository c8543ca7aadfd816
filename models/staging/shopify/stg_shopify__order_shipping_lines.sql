-- Grain: one row per shipping charge of an order.
with versions as (

    {{ latest_version('shopify', 'order_shipping_line') }}

),

renamed as (

    select
        id as source_shipping_line_id,
        order_id as source_order_id,
        price,
        coalesce(discounted_price, price) as discounted_price,
        known_at

    from versions

)

select * from renamed
