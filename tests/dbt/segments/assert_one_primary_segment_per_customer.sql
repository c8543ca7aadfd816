-- Customers whose memberships have not exactly one primary segment, or another one than channel `all` names.
select
    memberships.customer_id,
    count(*) as primary_count

from {{ ref('segment_memberships') }} as memberships
inner join {{ ref('customer_primary_segment') }} as primary_segments
    on
        memberships.customer_id = primary_segments.customer_id
        and primary_segments.channel = 'all'
where memberships.is_primary <> (memberships.segment_key = primary_segments.segment_key)
group by memberships.customer_id
