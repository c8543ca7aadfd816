-- Grain: one row per customer on as_of_date. Unknown consent is no consent.
with spine as (

    select * from {{ ref('int_customer_spine') }}

),

consents as (

    select * from {{ ref('int_customer_consents') }}

),

blocks as (

    select * from {{ ref('int_customer_email_blocks') }}

),

contacts as (

    select * from {{ ref('int_customer_contacts') }}

),

consent_by_channel as (

    select
        customer_id,
        max(stated_at) filter (where channel = 'email' and is_opted_in) as email_opted_in_at,
        max(stated_at) filter (where channel = 'sms' and is_opted_in) as sms_opted_in_at,
        bool_or(status = 'opted_out') as has_opted_out

    from consents
    where
        purpose = 'marketing'
        and channel in ('email', 'sms')
    group by customer_id

),

-- A hold on any channel is a hold on all, until it is lifted.
legal_holds as (

    select distinct customer_id from consents
    where
        purpose = 'legal_hold'
        and status = 'opted_out'

),

joined as (

    select
        spine.customer_id,
        contacts.email is not null as has_email,
        contacts.phone is not null as has_phone,
        consent_by_channel.email_opted_in_at,
        consent_by_channel.sms_opted_in_at,
        coalesce(consent_by_channel.has_opted_out, false) as has_opted_out,
        -- Only permission given after a bounce or a complaint lifts it.
        (
            blocks.last_hard_bounce_at is not null
            and coalesce(blocks.last_hard_bounce_at >= consent_by_channel.email_opted_in_at, true)
        ) as has_hard_bounce,
        (
            blocks.last_spam_complaint_at is not null
            and coalesce(blocks.last_spam_complaint_at >= consent_by_channel.email_opted_in_at, true)
        ) as has_spam_complaint,
        legal_holds.customer_id is not null as has_legal_hold

    from spine
    left join consent_by_channel
        on spine.customer_id = consent_by_channel.customer_id
    left join legal_holds
        on spine.customer_id = legal_holds.customer_id
    left join blocks
        on spine.customer_id = blocks.customer_id
    left join contacts
        on spine.customer_id = contacts.customer_id

),

reachability as (

    select
        customer_id,
        (
            has_email
            and email_opted_in_at is not null
            and not has_hard_bounce
            and not has_spam_complaint
            and not has_legal_hold
        ) as is_email_contactable,
        has_phone and sms_opted_in_at is not null and not has_legal_hold as is_sms_contactable,
        has_opted_out,
        has_hard_bounce,
        has_spam_complaint,
        has_legal_hold

    from joined

)

select * from reachability
