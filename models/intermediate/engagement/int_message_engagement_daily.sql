-- Grain: one row per customer and business day with an e-mail or SMS event.
with events as (

    select * from {{ ref('stg_klaviyo__events') }}
    where occurred_date <= {{ as_of_date() }}

),

identities as (

    select * from {{ ref('int_customer_identities') }}
    where source_system = 'klaviyo'

),

daily as (

    select
        identities.customer_id,
        events.occurred_date as activity_date,
        count(*) filter (where events.event_type = 'received_email') as email_received_count,
        count(*) filter (
            where events.event_type = 'opened_email' and not coalesce(events.is_machine_open, false)
        ) as email_human_open_count,
        count(*) filter (
            where events.event_type = 'opened_email' and coalesce(events.is_machine_open, false)
        ) as email_machine_open_count,
        count(*) filter (where events.event_type = 'clicked_email') as email_click_count,
        count(*) filter (where events.event_type = 'bounced_email') as email_bounce_count,
        count(*) filter (where events.event_type = 'marked_email_as_spam') as email_spam_mark_count,
        count(*) filter (
            where events.event_type in ({{ email_unsubscribe_types() }})
        ) as email_unsubscribe_count,
        count(*) filter (where events.event_type = 'received_sms') as sms_received_count,
        count(*) filter (where events.event_type = 'clicked_sms') as sms_click_count,
        count(*) filter (
            where events.event_type in ({{ sms_unsubscribe_types() }})
        ) as sms_unsubscribe_count

    from events
    inner join identities
        on events.person_id = identities.source_profile_id
    group by identities.customer_id, events.occurred_date

)

select * from daily
