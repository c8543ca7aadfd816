-- Audience members who are suppressed on the channel, gave no permission for it, or are in a suppression segment of the
-- channel: there must be none.
with suppressed as (

    select
        memberships.customer_id,
        library.channels,
        memberships.segment_key
    from {{ ref('segment_memberships') }} as memberships
    inner join {{ ref('segment_library') }} as library
        on memberships.segment_key = library.segment_key
    where library.is_suppression

)

select
    members.customer_id,
    members.segment_key,
    members.channel,
    coalesce(suppressions.reason, suppressed.segment_key, 'no permission') as reason

from {{ ref('audience_members') }} as members
left join {{ ref('suppressions') }} as suppressions
    on
        members.customer_id = suppressions.customer_id
        and members.channel = suppressions.channel
left join {{ ref('customer_consents') }} as consents
    on
        members.customer_id = consents.customer_id
        and members.channel = consents.channel
        and consents.purpose = 'marketing'
left join suppressed
    on
        members.customer_id = suppressed.customer_id
        and instr(concat_ws('', '|', suppressed.channels, '|'), concat_ws('', '|', members.channel, '|')) > 0
where
    suppressions.customer_id is not null
    or not coalesce(consents.is_permitted, false)
    or suppressed.customer_id is not null
