-- Grain: one row per membership and channel (email, sms) of its segment, with the reason why it must stay behind.
with memberships as (

    select * from {{ ref('segment_memberships') }}

),

segment_channels as (

    select * from {{ ref('int_segment_channels') }}
    where effective_status = 'active'

),

suppressed as (

    select distinct
        memberships.customer_id,
        segment_channels.channel

    from memberships
    inner join segment_channels
        on memberships.segment_key = segment_channels.segment_key
    where segment_channels.is_suppression

),

-- A suppression that cannot be computed must not let anybody through on its channels.
unknown_suppression as (

    select distinct channel
    from {{ ref('int_segment_channels') }}
    where is_suppression and effective_status = 'not_computable'

),

-- What the person said, or what became of the address; of several reasons the weightiest.
forbidden as (

    select
        customer_id,
        channel,
        min_by(reason, case reason
            {% for reason in ['legal_hold', 'do_not_contact', 'opted_out', 'spam_complaint', 'hard_bounce'] %}
            when '{{ reason }}' then {{ loop.index }}
            {% endfor %}
        end) as reason

    from {{ ref('suppressions') }}
    group by customer_id, channel

),

consents as (

    select
        customer_id,
        channel,
        is_permitted,
        decided_by

    from {{ ref('customer_consents') }}
    where purpose = 'marketing'

),

features as (

    select
        customer_id,
        is_email_contactable,
        is_sms_contactable

    from {{ ref('customer_features') }}

),

primary_segments as (

    select * from {{ ref('customer_primary_segment') }}

),

contacts as (

    select * from {{ ref('contacts') }}

),

joined as (

    select
        memberships.as_of_date,
        memberships.segment_key,
        segment_channels.channel,
        memberships.customer_id,
        memberships.rule_version,
        coalesce(primary_segments.segment_key = memberships.segment_key, false) as is_primary,
        case
            when coalesce(forbidden.customer_id, suppressed.customer_id) is not null then 'suppressed'
            when unknown_suppression.channel is not null then 'suppression_unknown'
            when not coalesce(consents.is_permitted, false) then 'no_consent'
            when segment_channels.channel = 'email' and contacts.email is null then 'no_address'
            when segment_channels.channel = 'sms' and contacts.phone is null then 'no_address'
            when segment_channels.channel = 'email' and not coalesce(features.is_email_contactable, false)
                then 'not_contactable'
            when segment_channels.channel = 'sms' and not coalesce(features.is_sms_contactable, false)
                then 'not_contactable'
        end as left_out_reason,
        case
            when forbidden.customer_id is not null then forbidden.reason
            when suppressed.customer_id is not null then 'suppression_segment'
            when unknown_suppression.channel is not null then null
            when not coalesce(consents.is_permitted, false) then coalesce(consents.decided_by, 'never_asked')
        end as left_out_detail

    from memberships
    inner join segment_channels
        on memberships.segment_key = segment_channels.segment_key
    left join suppressed
        on
            memberships.customer_id = suppressed.customer_id
            and segment_channels.channel = suppressed.channel
    left join forbidden
        on
            memberships.customer_id = forbidden.customer_id
            and segment_channels.channel = forbidden.channel
    left join unknown_suppression
        on segment_channels.channel = unknown_suppression.channel
    left join consents
        on
            memberships.customer_id = consents.customer_id
            and segment_channels.channel = consents.channel
    left join features
        on memberships.customer_id = features.customer_id
    left join primary_segments
        on
            memberships.customer_id = primary_segments.customer_id
            and segment_channels.channel = primary_segments.channel
    left join contacts
        on memberships.customer_id = contacts.customer_id
    where segment_channels.channel in ('email', 'sms')

)

select * from joined
