-- Grain: one row per search in the shop.
with events as (

    {{ web_events('products_searched') }}

),

renamed as (

    select
        id as event_id,
        anonymous_id,
        user_id,
        query,
        timestamp as occurred_at,
        {{ business_date('timestamp') }} as occurred_date,
        known_at

    from events

)

select * from renamed
