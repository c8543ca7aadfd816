-- Grain: one row per platform, ad campaign and day.
with versions as (

    {{ latest_version('paid_media', 'daily_spend') }}

),

renamed as (

    select
        platform,
        ad_campaign_id,
        ad_campaign_name,
        upper(currency) as currency,
        impressions,
        clicks,
        spend_amount,
        spend_date,
        known_at

    from versions

)

select * from renamed
