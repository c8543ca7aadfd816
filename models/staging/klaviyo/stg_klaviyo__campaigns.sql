-- Grain: one row per campaign of the sending tool.
with versions as (

    {{ latest_version('klaviyo', 'campaign') }}

),

renamed as (

    select
        id as campaign_id,
        name,
        subject,
        status,
        sent_at,
        known_at

    from versions

)

select * from renamed
