-- Grain: one row per consent signal that a tool recorded: an unsubscribe, complaint, hard bounce or changed flag.
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

    select
        concat_ws('', 'shopify:', source_customer_id, ':', cast(known_at as {{ dbt.type_string() }})) as signal_id,
        'shopify' as source_system,
        source_customer_id as source_profile_id,
        case
            when accepts_marketing then 'accepts_marketing_true'
            when accepted_marketing_before then 'accepts_marketing_withdrawn'
            else 'accepts_marketing_false'
        end as signal,
        email,
        cast(null as {{ dbt.type_string() }}) as phone,
        source_customer_id as shop_customer_id,
        known_at as occurred_at

    from {{ ref('stg_shopify__marketing_agreements') }}

    union all

    select
        concat_ws('', 'hubspot:', contact_id, ':', cast(known_at as {{ dbt.type_string() }})) as signal_id,
        'hubspot' as source_system,
        contact_id as source_profile_id,
        'email_opt_out_true' as signal,
        email,
        cast(null as {{ dbt.type_string() }}) as phone,
        cast(null as {{ dbt.type_string() }}) as shop_customer_id,
        known_at as occurred_at

    from {{ ref('stg_hubspot__contact_opt_outs') }}
    where is_opted_out

)

select * from signals
