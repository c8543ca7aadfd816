-- Grain: one row per customer with a hard bounce or a spam complaint by as_of_date.
with events as (

    select * from {{ ref('stg_klaviyo__events') }}
    where
        occurred_date <= {{ as_of_date() }}
        and event_type in ('bounced_email', 'marked_email_as_spam')

),

identities as (

    select * from {{ ref('int_customer_identities') }}
    where source_system = 'klaviyo'

),

blocks as (

    select
        identities.customer_id,
        max(events.occurred_at) filter (where events.event_type = 'bounced_email') as last_hard_bounce_at,
        max(events.occurred_at) filter (where events.event_type = 'marked_email_as_spam') as last_spam_complaint_at

    from events
    inner join identities
        on events.person_id = identities.source_profile_id
    where
        events.event_type <> 'bounced_email'
        or lower(events.bounce_type) = 'hard'
    group by identities.customer_id

)

select * from blocks
