-- Grain: one row per campaign.
with versions as (

    {{ latest_version('campaigns', 'campaign') }}

),

renamed as (

    select
        campaign_id,
        campaign_name,
        segment_key,
        channel,
        offer_type,
        upper(currency) as currency,
        offer_depth,
        cost_amount,
        starts_at,
        ends_at,
        known_at

    from versions

)

select * from renamed
