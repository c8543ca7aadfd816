-- Grain: one row per membership and channel of its segment on which marketing reaches people, with the reason if the
-- customer is left out.
with segment_channels as (

    select * from {{ ref('int_segment_channels') }}
    where channel in ('{{ audience_channels().keys() | join("', '") }}')

),

memberships as (

    select
        members.as_of_date,
        members.customer_id,
        members.segment_key,
        segment_channels.channel,
        case segment_channels.channel
            {% for channel, consent_channel in audience_channels().items() %}
            when '{{ channel }}' then '{{ consent_channel }}'
            {% endfor %}
        end as consent_channel,
        segment_channels.is_suppression

    from {{ ref('int_segment_members') }} as members
    inner join segment_channels
        on members.segment_key = segment_channels.segment_key
    where segment_channels.effective_status = 'active'

),

suppressed as (

    select distinct
        customer_id,
        channel

    from memberships
    where is_suppression

),

-- Where a suppression cannot be computed, no customer may be contacted on its channels.
unknown_suppression as (

    select distinct channel
    from segment_channels
    where is_suppression and effective_status = 'not_computable'

),

-- Requests of the person or delivery problems of the address; of several reasons, the most serious.
forbidden as (

    select
        customer_id,
        channel,
        min_by(reason, (
            case reason
                when 'legal_hold' then 1
                when 'do_not_contact' then 2
                when 'opted_out' then 3
                when 'spam_complaint' then 4
                else 5
            end, reason
        )) as reason

    from {{ ref('suppressions') }}
    group by customer_id, channel

),

consents as (

    select * from {{ ref('customer_consents') }}
    where purpose = 'marketing'

),

joined as (

    select
        memberships.as_of_date,
        memberships.segment_key,
        memberships.channel,
        memberships.customer_id,
        case
            when coalesce(forbidden.customer_id, suppressed.customer_id) is not null then 'suppressed'
            when unknown_suppression.channel is not null then 'suppression_unknown'
            when held.held_back_for is not null then 'in_care'
            -- People come to the web site by themselves: only an objection counts there.
            when memberships.channel <> 'onsite' and not coalesce(consents.is_permitted, false) then 'no_consent'
            when memberships.channel = 'email' and contacts.email is null then 'no_address'
            when memberships.channel = 'sms' and contacts.phone is null then 'no_address'
            when memberships.channel = 'email' and not coalesce(features.is_email_contactable, false)
                then 'not_contactable'
            when memberships.channel = 'sms' and not coalesce(features.is_sms_contactable, false)
                then 'not_contactable'
            when memberships.channel = 'ads' and not coalesce(features.is_ads_contactable, false) then 'no_address'
            when memberships.channel = 'direct_mail' and not coalesce(features.is_post_contactable, false)
                then 'no_address'
        end as left_out_reason,
        case
            when forbidden.customer_id is not null then forbidden.reason
            when suppressed.customer_id is not null then 'suppression_segment'
            when unknown_suppression.channel is not null then null
            when held.held_back_for is not null then held.held_back_for
            when memberships.channel <> 'onsite' and not coalesce(consents.is_permitted, false)
                then coalesce(consents.decided_by, 'never_asked')
        end as left_out_detail

    from memberships
    left join suppressed
        on
            memberships.customer_id = suppressed.customer_id
            and memberships.channel = suppressed.channel
    left join forbidden
        on
            memberships.customer_id = forbidden.customer_id
            and memberships.consent_channel = forbidden.channel
    left join unknown_suppression
        on memberships.channel = unknown_suppression.channel
    left join {{ ref('int_segment_care_holds') }} as held
        on
            memberships.customer_id = held.customer_id
            and memberships.segment_key = held.segment_key
    left join consents
        on
            memberships.customer_id = consents.customer_id
            and memberships.consent_channel = consents.channel
    left join {{ ref('customer_features') }} as features
        on memberships.customer_id = features.customer_id
    left join {{ ref('contacts') }} as contacts
        on memberships.customer_id = contacts.customer_id

)

select * from joined
