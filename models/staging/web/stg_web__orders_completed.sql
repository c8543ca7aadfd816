-- Grain: one row per completed checkout, as the browser reported it.
with events as (

    {{ web_events('order_completed') }}

),

renamed as (

    select
        id as event_id,
        anonymous_id,
        user_id,
        order_id as source_order_id,
        cart_id,
        timestamp as occurred_at,
        {{ business_date('timestamp') }} as occurred_date,
        known_at

    from events

)

select * from renamed
