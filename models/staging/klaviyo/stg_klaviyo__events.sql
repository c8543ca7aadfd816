-- Grain: one row per event of the sending tool, for e-mail and SMS.
with versions as (

    {{ latest_version('klaviyo', 'event', deleted=true) }}

),

renamed as (

    select
        id as event_id,
        person_id,
        campaign_id,
        flow_id,
        -- 'Marked Email as Spam' becomes marked_email_as_spam.
        replace(replace(lower(type), ' ', '_'), '-', '_') as event_type,
        lower(property_bounce_type) as bounce_type,
        coalesce(property_machine_open, false) as is_machine_open,
        _says_deleted as is_deleted,
        datetime as occurred_at,
        {{ business_date('datetime') }} as occurred_date,
        known_at

    from versions

)

select * from renamed
