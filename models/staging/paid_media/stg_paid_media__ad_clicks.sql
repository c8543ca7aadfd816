-- Grain: one row per ad click that reached the site.
with versions as (

    {{ latest_version('paid_media', 'ad_click') }}

),

renamed as (

    select
        click_id,
        platform,
        ad_campaign_id,
        anonymous_id,
        clicked_at,
        {{ business_date('clicked_at') }} as clicked_date,
        known_at

    from versions

)

select * from renamed
