-- Grain: one row per click on an advertisement by as_of_date, with the customer whose browser it was.
-- A view: one cheap pass over tables, so there is nothing to gain from storing it.
{{ config(materialized='view') }}

with clicks as (

    select * from {{ ref('stg_paid_media__ad_clicks') }}
    where clicked_date <= {{ as_of_date() }}

),

browsers as (

    select * from {{ ref('int_web_browsers') }}

),

-- On a browser that several people use, it is unknown who clicked.
joined as (

    select
        clicks.click_id,
        browsers.customer_id,
        clicks.platform,
        clicks.ad_campaign_id,
        clicks.clicked_at,
        clicks.clicked_date

    from clicks
    left join browsers
        on clicks.anonymous_id = browsers.anonymous_id

)

select * from joined
