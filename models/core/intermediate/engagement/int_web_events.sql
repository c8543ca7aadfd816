-- Grain: one row per web or app event that happened by as_of_date, with the customer it belongs to.
-- A view: events are stored once, in staging; a consumer reads the event types and columns that it needs.
{{ config(materialized='view') }}

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

events as (

    select
        hits.event_id,
        hits.event_type,
        case
            -- A server event has no browser; it belongs to the account or order it names.
            when hits.anonymous_id is null then coalesce(accounts.customer_id, buyers.customer_id)
            when browsers.is_shared then on_shared_browsers.customer_id
            -- Where only one person was ever identified, all visits are that person's, even without a log-in.
            else browsers.customer_id
        end as customer_id,
        hits.anonymous_id,
        hits.sku,
        hits.category,
        hits.source_order_id,
        hits.path,
        hits.device_type,
        hits.occurred_at,
        hits.occurred_date

    from hits
    left join browsers
        on hits.anonymous_id = browsers.anonymous_id
    left join on_shared_browsers
        on hits.event_type = on_shared_browsers.event_type
            and hits.event_id = on_shared_browsers.event_id
    left join owners as accounts
        on hits.user_id = accounts.identifier_value
            and accounts.identifier_type = 'shop_customer_id'
    left join owners as buyers
        on hits.source_order_id = buyers.identifier_value
            and buyers.identifier_type = 'order'

)

select * from events
