-- Grain: one row per page view.
with versions as (

    {{ latest_version('web', 'pages') }}

),

renamed as (

    select
        id as event_id,
        anonymous_id,
        user_id,
        path,
        title,
        context_campaign_source as campaign_source,
        context_campaign_medium as campaign_medium,
        context_campaign_name as campaign_name,
        {{ device_type('context_user_agent') }} as device_type,
        timestamp as occurred_at,
        {{ business_date('timestamp') }} as occurred_date,
        known_at

    from versions

)

select * from renamed
