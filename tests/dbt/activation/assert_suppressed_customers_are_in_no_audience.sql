-- Members of a suppression segment who are in an audience of one of its channels: there must be none.
select
    audience_members.customer_id,
    audience_members.segment_key,
    audience_members.channel,
    memberships.segment_key as suppressed_by

from {{ ref('audience_members') }} as audience_members
inner join {{ ref('segment_memberships') }} as memberships
    on audience_members.customer_id = memberships.customer_id
inner join {{ ref('segment_library') }} as library
    on memberships.segment_key = library.segment_key
where
    library.is_suppression
    and instr(concat('|', library.channels, '|'), concat('|', audience_members.channel, '|')) > 0
