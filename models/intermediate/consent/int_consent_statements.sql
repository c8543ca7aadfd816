-- Grain: one row per statement that gives or ends permission to contact a customer, in any system.
with consent_events as (

    select * from {{ ref('stg_consent__consent_events') }}
    where occurred_date <= {{ as_of_date() }}

),

tool_events as (

    select * from {{ ref('stg_klaviyo__events') }}
    where
        occurred_date <= {{ as_of_date() }}
        and event_type in ({{ email_unsubscribe_types() }}, {{ sms_unsubscribe_types() }})

),

identities as (

    select * from {{ ref('int_customer_identities') }}
    where source_system in ('consent', 'klaviyo')

),

statements as (

    select
        concat('consent:', consent_events.event_id) as statement_id,
        identities.customer_id,
        lower(consent_events.channel) as channel,
        lower(consent_events.purpose) as purpose,
        lower(consent_events.status) as status,
        consent_events.occurred_at as stated_at

    from consent_events
    inner join identities
        on
            consent_events.event_id = identities.source_profile_id
            and identities.source_system = 'consent'

    union all

    select
        concat('klaviyo:', tool_events.event_id) as statement_id,
        identities.customer_id,
        case when tool_events.event_type in ({{ sms_unsubscribe_types() }}) then 'sms' else 'email' end as channel,
        'marketing' as purpose,
        'opted_out' as status,
        tool_events.occurred_at as stated_at

    from tool_events
    inner join identities
        on
            tool_events.person_id = identities.source_profile_id
            and identities.source_system = 'klaviyo'

)

select * from statements
