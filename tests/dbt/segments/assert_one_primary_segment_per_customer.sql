-- Customers whose memberships do not have exactly one primary segment, or not the one that they have for channel `all`.
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
left join {{ ref('customer_primary_segment') }} as primary_segments
    on
        primaries.customer_id = primary_segments.customer_id
        and primary_segments.channel = 'all'
where
    primaries.primary_count <> 1
    or primary_segments.segment_key is null
    or primary_segments.segment_key <> primaries.primary_key
