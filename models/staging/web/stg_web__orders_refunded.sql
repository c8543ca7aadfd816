-- Grain: one row per refund, as the shop's event stream reported it.
with events as (

    {{ web_events('order_refunded') }}

),

renamed as (

    select
        id as event_id,
        anonymous_id,
        user_id,
        order_id as source_order_id,
        upper(currency) as currency,
        total,
        timestamp as occurred_at,
        {{ business_date('timestamp') }} as occurred_date,
        known_at

    from events

)

select * from renamed
