-- Grain: one row per computable segment and plan that has not ended; a segment without such a plan has one row without
-- a plan.
with segments as (

    select * from {{ ref('int_segment_qa_segments') }}
    where is_computable

),

plans as (

    select * from {{ ref('int_campaign_plans') }}

),

reach as (

    select * from {{ ref('int_segment_qa_reach') }}

),

best_channel as (

    select
        segment_key,
        max(case when is_consent_known then reachable_count end) as reachable_count

    from reach
    group by segment_key

),

joined as (

    select
        segments.segment_key,
        plans.plan_key,
        plans.channel,
        segments.customer_count,
        coalesce(reach.reachable_count, best_channel.reachable_count, segments.customer_count) as audience_count,
        plans.planned_discount_rate,
        plans.expected_count_low,
        plans.expected_count_high,
        plans.holdout_share,
        plans.baseline_rate,
        plans.minimum_detectable_effect

    from segments
    left join plans
        on segments.segment_key = plans.segment_key
    left join reach
        on segments.segment_key = reach.segment_key and plans.channel = reach.channel
    left join best_channel
        on segments.segment_key = best_channel.segment_key

)

select * from joined
