-- Grain: one row per e-mail or SMS event of a customer that happened by as_of_date, under the name it is counted under.
-- A view: each consumer reads a few event types and a few days.
{{ config(materialized='view') }}

with events as (

    select * from {{ ref('stg_klaviyo__events') }}
    where occurred_date <= {{ as_of_date() }} and not is_deleted

),

identities as (

    select * from {{ ref('int_customer_identities') }}
    where source_system = 'klaviyo'

),

joined as (

    select
        events.event_id,
        case
            when events.event_type = 'opened_email' and coalesce(events.is_machine_open, false)
                then 'email_machine_open'
            when events.event_type = 'opened_email' then 'email_open'
            when events.event_type = 'received_email' then 'email_received'
            when events.event_type = 'clicked_email' then 'email_click'
            when events.event_type = 'received_sms' then 'sms_received'
            when events.event_type = 'clicked_sms' then 'sms_click'
            else events.event_type
        end as event_type,
        identities.customer_id,
        events.campaign_id,
        events.flow_id,
        events.occurred_at,
        events.occurred_date

    from events
    inner join identities
        on events.person_id = identities.source_profile_id

)

select * from joined
