-- Grain: one row per customer on as_of_date. Unknown consent is no consent.
-- A view: read once, so there is nothing to gain from storing it.
{{ config(materialized='view') }}

with spine as (

    select * from {{ ref('int_customer_spine') }}

),

consents as (

    select
        customer_id,
        {% for channel in contact_channels() %}
        bool_or(channel = '{{ channel }}' and is_permitted) as is_{{ channel }}_permitted,
        {% endfor %}
        max(stated_at) filter (where channel = 'email' and is_permitted) as email_opted_in_at,
        max(stated_at) filter (where channel = 'sms' and is_permitted) as sms_opted_in_at

    from {{ ref('customer_consents') }}
    where purpose = 'marketing'
    group by customer_id

),

suppressions as (

    select
        customer_id,
        {% for channel in contact_channels() %}
        bool_or(channel = '{{ channel }}') as is_{{ channel }}_suppressed,
        {% endfor %}
        {% for reason in ['hard_bounce', 'spam_complaint', 'legal_hold', 'do_not_contact'] %}
        bool_or(reason = '{{ reason }}') as has_{{ reason }},
        {% endfor %}
        {% for channel in audience_channels().values() %}
        bool_or(reason = 'opted_out' and channel = '{{ channel }}') as has_opted_out_{{ channel }}
        {{- ',' if not loop.last }}
        {% endfor %}

    from {{ ref('suppressions') }}
    group by customer_id

),

contacts as (

    select * from {{ ref('contacts') }}

),

post_addresses as (

    select distinct identities.customer_id

    from {{ ref('stg_crm__profiles') }} as profiles
    inner join {{ ref('int_customer_identities') }} as identities
        on
            profiles.profile_id = identities.source_profile_id
            and identities.source_system = 'crm'
    where
        profiles.street is not null
        and profiles.postcode is not null

),

addressed as (

    select
        spine.customer_id,
        contacts.email is not null as has_email_address,
        contacts.phone is not null as has_sms_address,
        contacts.phone is not null as has_phone_address,
        post_addresses.customer_id is not null as has_post_address,
        -- Ad platforms match by either.
        coalesce(contacts.email, contacts.phone) is not null as has_ads_address

    from spine
    left join contacts
        on spine.customer_id = contacts.customer_id
    left join post_addresses
        on spine.customer_id = post_addresses.customer_id

),

reachability as (

    select
        addressed.customer_id,
        {% for channel in contact_channels() %}
        addressed.has_{{ channel }}_address
        and coalesce(consents.is_{{ channel }}_permitted, false)
        and not coalesce(suppressions.is_{{ channel }}_suppressed, false) as is_{{ channel }}_contactable,
        {% endfor %}
        coalesce(suppressions.has_opted_out_email or suppressions.has_opted_out_sms, false) as has_opted_out,
        {% for channel in audience_channels().values() %}
        coalesce(suppressions.has_opted_out_{{ channel }}, false) as has_opted_out_{{ channel }},
        {% endfor %}
        {% for reason in ['hard_bounce', 'spam_complaint', 'legal_hold', 'do_not_contact'] %}
        coalesce(suppressions.has_{{ reason }}, false) as has_{{ reason }},
        {% endfor %}
        {{ days_between(business_date('consents.email_opted_in_at'), as_of_date()) }} as days_since_email_opt_in,
        {{ days_between(business_date('consents.sms_opted_in_at'), as_of_date()) }} as days_since_sms_opt_in

    from addressed
    left join consents
        on addressed.customer_id = consents.customer_id
    left join suppressions
        on addressed.customer_id = suppressions.customer_id

)

select * from reachability
