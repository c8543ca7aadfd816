-- Grain: one row per customer sent to, or held out, in a campaign.
with versions as (

    {{ latest_version('campaigns', 'send') }}

),

renamed as (

    select
        send_id,
        campaign_id,
        klaviyo_person_id,
        {{ normalise_email('email') }} as email,
        {{ normalise_phone('phone') }} as phone,
        arm,
        sent_at,
        {{ business_date('sent_at') }} as sent_date,
        first_known_at,
        known_at

    from versions

)

select * from renamed
