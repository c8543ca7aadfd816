-- Memberships without an explanation of at least one condition: there must be none.
select
    memberships.customer_id,
    memberships.segment_key

from {{ ref('segment_memberships') }} as memberships
left join {{ ref('segment_explanations') }} as explanations
    on
        memberships.customer_id = explanations.customer_id
        and memberships.segment_key = explanations.segment_key
where coalesce(explanations.explanation, '') = ''
