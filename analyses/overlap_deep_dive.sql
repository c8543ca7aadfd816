-- Grain: one row per pair of active segments. Where two segments share customers, which one drives the action?
with memberships as (

    select * from {{ ref('segment_memberships') }}

),

pairs as (

    select
        first_segment.segment_key,
        second_segment.segment_key as other_segment_key,
        count(*) as shared_count,
        sum(case when first_segment.is_primary then 1 else 0 end) as driven_by_first_count,
        sum(case when second_segment.is_primary then 1 else 0 end) as driven_by_second_count

    from memberships as first_segment
    inner join memberships as second_segment
        on first_segment.customer_id = second_segment.customer_id
            and first_segment.priority < second_segment.priority
    group by first_segment.segment_key, second_segment.segment_key

)

select * from pairs
order by shared_count desc
