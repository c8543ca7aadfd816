-- Grain: one row per web or app event that happened by as_of_date, with the customer it belongs to.
{%- set columns %}
        hits.anonymous_id,
        hits.sku,
        hits.category,
        hits.source_order_id,
        hits.path,
        hits.device_type,
        hits.occurred_at,
        hits.occurred_date
{%- endset %}

with hits as (

    select * from {{ ref('int_web_hits') }}

),

browsers as (

    select * from {{ ref('int_web_browsers') }}

),

owners as (

    select * from {{ ref('int_web_identifier_owners') }}

),

on_shared_browsers as (

    select * from {{ ref('int_web_shared_browser_events') }}

),

-- Where only one person was ever identified, all visits are that person's, also those without a log-in.
on_other_browsers as (

    select
        hits.event_id,
        hits.event_type,
        browsers.customer_id,
        {{- columns }}

    from hits
    left join browsers
        on hits.anonymous_id = browsers.anonymous_id
    where hits.anonymous_id is not null and not coalesce(browsers.is_shared, false)

),

-- What a server sent names nobody's browser; it is whose account or order it shows.
without_browser as (

    select
        hits.event_id,
        hits.event_type,
        coalesce(accounts.customer_id, buyers.customer_id) as customer_id,
        {{- columns }}

    from hits
    left join owners as accounts
        on accounts.identifier_type = 'shop_customer_id' and hits.user_id = accounts.identifier_value
    left join owners as buyers
        on buyers.identifier_type = 'order' and hits.source_order_id = buyers.identifier_value
    where hits.anonymous_id is null

),

events as (

    select * from on_shared_browsers
    union all
    select * from on_other_browsers
    union all
    select * from without_browser

)

select * from events
