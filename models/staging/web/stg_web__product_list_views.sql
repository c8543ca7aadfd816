-- Grain: one row per view of a category or list of products.
with events as (

    {{ web_events('product_list_viewed') }}

),

renamed as (

    select
        id as event_id,
        anonymous_id,
        user_id,
        list_id,
        category,
        timestamp as occurred_at,
        {{ business_date('timestamp') }} as occurred_date,
        known_at

    from events

)

select * from renamed
