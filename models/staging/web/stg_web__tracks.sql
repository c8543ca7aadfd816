-- Grain: one row per event of the tracking plan, whether or not it has its own table.
with versions as (

    {{ latest_version('web', 'tracks') }}

),

renamed as (

    select
        id as event_id,
        anonymous_id,
        user_id,
        replace(lower(coalesce(event, event_text)), ' ', '_') as event_name,
        timestamp as occurred_at,
        {{ business_date('timestamp') }} as occurred_date,
        known_at

    from versions

)

select * from renamed
