-- Grain: one row per account of a tool, channel and version in which its marketing state changed.
{#- The connectors have had several names for the time of consent. -#}
{%- set shopify_email_at = 'coalesce(email_marketing_consent_consent_updated_at, email_marketing_consent_updated_at,'
    ~ ' accepts_marketing_updated_at)' -%}
{%- set shopify_sms_at = 'coalesce(sms_marketing_consent_consent_updated_at, sms_marketing_consent_updated_at)' -%}
{%- set klaviyo_email_at = 'coalesce(subscriptions_email_marketing_consent_timestamp,'
    ~ ' subscriptions_email_marketing_timestamp)' -%}
{%- set klaviyo_sms_at = 'coalesce(subscriptions_sms_marketing_consent_timestamp, subscriptions_sms_marketing_timestamp)' %}
with changes as (

    {{ consent_states('shopify', 'customer', channel='email', address=normalise_email('email'),
        state=shopify_consent_state('email'),
        given_at=shopify_email_at, withdrawn_at=shopify_email_at) }}
    union all
    {{ consent_states('shopify', 'customer', channel='sms', address=normalise_phone('phone'),
        state=shopify_consent_state('sms'),
        given_at=shopify_sms_at, withdrawn_at=shopify_sms_at) }}
    union all
    {{ consent_states('klaviyo', 'person', channel='email', address=normalise_email('email'),
        state=klaviyo_consent_state('email'),
        given_at=klaviyo_email_at,
        withdrawn_at='coalesce(subscriptions_email_marketing_last_updated, ' ~ klaviyo_email_at ~ ')') }}
    union all
    {{ consent_states('klaviyo', 'person', channel='sms', address=normalise_phone('phone_number', country='country'),
        state=klaviyo_consent_state('sms'),
        given_at=klaviyo_sms_at,
        withdrawn_at='coalesce(subscriptions_sms_marketing_last_updated, ' ~ klaviyo_sms_at ~ ')') }}
    union all
    {{ consent_states('hubspot', 'contact', channel='email', address=normalise_email('property_email'),
        state="case when property_hs_email_optout then 'withdrawn' else 'none' end") }}

)

select * from changes
