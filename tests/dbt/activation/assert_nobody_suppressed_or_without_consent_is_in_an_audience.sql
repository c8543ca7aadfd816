-- Members of an audience whom the channel forbids, or who gave no permission for it: there must be none.
select
    members.customer_id,
    members.segment_key,
    members.channel,
    suppressions.reason

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
where
    suppressions.customer_id is not null
    or not coalesce(consents.is_permitted, false)
