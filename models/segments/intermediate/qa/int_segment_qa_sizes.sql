-- Grain: one row per segment and plan: its size today, on the evaluated day before, as approved and as planned.
with audiences as (

    select
        segment_key,
        plan_key,
        expected_count_low,
        expected_count_high

    from {{ ref('int_segment_qa_audiences') }}

),

segments as (

    select * from {{ ref('int_segment_qa_segments') }}

),

-- The evaluated day before this one.
previous as (

    select
        segment_key,
        max(as_of_date) as previous_date,
        max_by(customer_count, as_of_date) as previous_count

    from {{ ref('segment_sizes') }}
    where as_of_date < {{ as_of_date() }} and customer_count > 0
    group by segment_key

),

approved as (

    select
        segment_key,
        max(count_low) as count_low,
        min(count_high) as count_high

    from {{ ref('int_segment_approvals') }}
    group by segment_key

),

measured as (

    select
        audiences.segment_key,
        audiences.plan_key,
        audiences.expected_count_low,
        audiences.expected_count_high,
        segments.customer_count,
        segments.known_count,
        segments.expected_min_share,
        segments.expected_max_share,
        cast(segments.customer_count as double) / nullif(segments.known_count, 0) as share,
        previous.previous_date,
        previous.previous_count,
        case
            when
                {{ days_between('previous.previous_date', as_of_date()) }} <= limits.count_change_days
                and greatest(segments.customer_count, previous.previous_count) >= limits.count_change_min_count
                then greatest(
                        cast(segments.customer_count as double) / previous.previous_count,
                        cast(previous.previous_count as double) / greatest(segments.customer_count, 1)
                    )
        end as change_factor,
        approved.count_low,
        approved.count_high

    from audiences
    cross join {{ ref('int_qa_limits') }} as limits
    inner join segments
        on audiences.segment_key = segments.segment_key
    left join previous
        on audiences.segment_key = previous.segment_key
    left join approved
        on audiences.segment_key = approved.segment_key

)

select * from measured
