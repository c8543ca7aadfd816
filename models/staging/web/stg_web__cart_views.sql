-- Grain: one row per view of a cart.
with events as (

    {{ web_events('cart_viewed') }}

),

renamed as (

    select
        id as event_id,
        anonymous_id,
        user_id,
        cart_id,
        timestamp as occurred_at,
        {{ business_date('timestamp') }} as occurred_date,
        known_at

    from events

)

select * from renamed
