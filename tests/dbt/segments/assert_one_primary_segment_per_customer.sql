-- Customers whose memberships do not have exactly one primary segment, who have none for channel `all`, or who have a
-- different one there although their primary segment is approved.
with primaries as (

    select
        memberships.customer_id,
        sum(case when memberships.is_primary then 1 else 0 end) as primary_count,
        max(case when memberships.is_primary then memberships.segment_key end) as primary_key

    from {{ ref('segment_memberships') }} as memberships
    group by memberships.customer_id

)

select
    primaries.customer_id,
    primaries.primary_count,
    primaries.primary_key,
    primary_segments.segment_key

from primaries
left join {{ ref('segment_library') }} as library
    on primaries.primary_key = library.segment_key
left join {{ ref('customer_primary_segment') }} as primary_segments
    on
        primaries.customer_id = primary_segments.customer_id
        and primary_segments.channel = 'all'
where
    primaries.primary_count <> 1
    or primary_segments.segment_key is null
    or (library.approval_status = 'approved' and primary_segments.segment_key <> primaries.primary_key)
