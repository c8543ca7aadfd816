-- Grain: one row per checkout started, as the browser reported it.
with events as (

    {{ web_events('checkout_started') }}

),

renamed as (

    select
        id as event_id,
        anonymous_id,
        user_id,
        order_id as source_order_id,
        upper(currency) as currency,
        value,
        timestamp as occurred_at,
        {{ business_date('timestamp') }} as occurred_date,
        known_at

    from events

)

select * from renamed
