-- Grain: one row per consent signal that a tool recorded: an unsubscribe, complaint, hard bounce, changed state of an
-- account, or excluded address.
{{ config(materialized='view') }}

with tool_events as (

    select
        events.event_id,
        events.person_id,
        events.occurred_at,
        events.event_type in ({{ sms_unsubscribe_types() }}) as is_of_sms,
        case
            when events.event_type in ({{ email_unsubscribe_types() }}) then 'unsubscribed_email'
            when events.event_type in ({{ sms_unsubscribe_types() }}) then 'unsubscribed_sms'
            when events.event_type = 'marked_email_as_spam' then 'spam_complaint'
            when events.event_type = 'bounced_email' and lower(events.bounce_type) = 'hard' then 'hard_bounce'
        end as signal,
        persons.email,
        persons.phone

    from {{ ref('stg_klaviyo__events') }} as events
    left join {{ ref('stg_klaviyo__persons') }} as persons
        on events.person_id = persons.person_id
    -- Events and profiles that the tool has deleted count too: deletion restores no permission.
    where
        events.event_type in (
            {{ email_unsubscribe_types() }}, {{ sms_unsubscribe_types() }}, 'marked_email_as_spam', 'bounced_email'
        )

),

signals as (

    -- A signal applies to the address the tool wrote to, not to others that it knows.
    select
        concat_ws('', 'klaviyo:', event_id) as signal_id,
        'klaviyo' as source_system,
        person_id as source_profile_id,
        signal,
        case when not is_of_sms then email end as email,
        case when is_of_sms then phone end as phone,
        cast(null as {{ dbt.type_string() }}) as shop_customer_id,
        occurred_at

    from tool_events
    where signal is not null

    union all

    -- A permission without a time may be older than a withdrawal, so it says nothing.
    select
        concat_ws(
            '', source_system, ':', source_profile_id, ':', channel, ':', state, ':', cast(known_at as {{ dbt.type_string() }})
        ) as signal_id,
        source_system,
        source_profile_id,
        case
            when source_system = 'hubspot' then 'email_opt_out_true'
            when state = 'none' then concat_ws('', channel, '_withdrawn')
            else concat_ws('', channel, '_', state)
        end as signal,
        case when channel = 'email' then address end as email,
        case when channel = 'sms' then address end as phone,
        case when source_system = 'shopify' then source_profile_id end as shop_customer_id,
        stated_at as occurred_at

    from {{ ref('int_consent_states') }}
    where
        stated_at is not null
        and (state <> 'none' or state_before in ('confirmed', 'subscribed'))

    union all

    -- Addresses that the sending tool writes to no more, whatever their profiles say.
    select
        concat_ws('', 'klaviyo:exclusion:', excluded_email) as signal_id,
        'klaviyo' as source_system,
        person_id as source_profile_id,
        'email_excluded' as signal,
        email,
        cast(null as {{ dbt.type_string() }}) as phone,
        cast(null as {{ dbt.type_string() }}) as shop_customer_id,
        excluded_at as occurred_at

    from {{ ref('stg_klaviyo__global_exclusions') }}

)

select * from signals
