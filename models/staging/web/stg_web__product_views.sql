-- Grain: one row per product view.
with events as (

    {{ web_events('product_viewed') }}

),

renamed as (

    select
        id as event_id,
        anonymous_id,
        user_id,
        sku,
        category,
        price,
        timestamp as occurred_at,
        {{ business_date('timestamp') }} as occurred_date,
        known_at

    from events

)

select * from renamed
