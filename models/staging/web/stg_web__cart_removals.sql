-- Grain: one row per product removed from a cart.
with events as (

    {{ web_events('product_removed') }}

),

renamed as (

    select
        id as event_id,
        anonymous_id,
        user_id,
        cart_id,
        sku,
        category,
        price,
        quantity,
        timestamp as occurred_at,
        {{ business_date('timestamp') }} as occurred_date,
        known_at

    from events

)

select * from renamed
