-- Grain: one row per segment and plan: is a holdout needed, and can it detect the intended effect?
-- Nuance: two shares p and p + effect, normal approximation. A control of n of N people detects the effect when
-- p (1 - p) / n + q (1 - q) / (N - n) <= (effect / z) squared, with q = p + effect and z that of confidence and power.
with stated as (

    select
        audiences.segment_key,
        audiences.plan_key,
        cast(audiences.audience_count as double) as audience_count,
        coalesce(audiences.holdout_share, 0) as holdout_share,
        coalesce(audiences.baseline_rate, limits.holdout_baseline_rate) as baseline_rate,
        coalesce(audiences.minimum_detectable_effect, limits.holdout_minimum_detectable_effect) as effect,
        limits.holdout_z_confidence + limits.holdout_z_power as z,
        not segments.is_suppression
        and audiences.audience_count > 0
        and (
            lower(segments.success_measure) like '%holdout%'
            or audiences.holdout_share > 0
            or (audiences.plan_key is not null and audiences.audience_count >= limits.holdout_plan_min_count)
        ) as is_needed

    from {{ ref('int_segment_qa_audiences') }} as audiences
    cross join {{ ref('int_qa_limits') }} as limits
    inner join {{ ref('int_segment_qa_segments') }} as segments
        on audiences.segment_key = segments.segment_key

),

terms as (

    select
        *,
        baseline_rate * (1 - baseline_rate) as control_variance,
        least(baseline_rate + effect, 1) * (1 - least(baseline_rate + effect, 1)) as treated_variance,
        effect * effect / (z * z) as precision_needed

    from stated

),

-- The smallest n solves a quadratic: precision n^2 - (precision N + control - treated) n + control N = 0.
quadratic as (

    select
        *,
        precision_needed * audience_count + control_variance - treated_variance as linear,
        4 * precision_needed * control_variance * audience_count as product_term

    from terms

),

solved as (

    select
        *,
        case
            when precision_needed > 0 and linear > 0 and linear * linear >= product_term
                then ceil((linear - sqrt(linear * linear - product_term)) / (2 * precision_needed) - 0.000001)
        end as smallest_control,
        round(audience_count * holdout_share) as planned_control

    from quadratic

),

classified as (

    select
        *,
        case
            when holdout_share > 0 and (smallest_control is null or planned_control < smallest_control) then 2
            when smallest_control is null or (plan_key is not null and holdout_share = 0) then 1
            else 0
        end as severity

    from solved

),

explained as (

    select
        segment_key,
        plan_key,
        case when coalesce(is_needed, false) then {{ qa_status('severity') }} else 'not_applicable' end as status,
        case
            when plan_key is null then concat_ws('', {{ count_text('audience_count') }}, ' reachable, no plan')
            else concat_ws(
                    '', {{ count_text('planned_control') }}, ' of ', {{ count_text('audience_count') }}, ' held out, ',
                    {{ share_text('holdout_share') }}
                )
        end as observed,
        case
            when smallest_control is null then 'no holdout of so few people can detect it'
            else concat_ws('', 'at least ', {{ count_text('smallest_control') }}, ' held out')
        end as expected,
        concat_ws(
            '', 'to detect a rise from ', {{ share_text('baseline_rate') }}, ' by ', {{ share_text('effect') }},
            case when plan_key is null then '' else ', fails when the planned holdout cannot' end
        ) as threshold,
        case
            when not coalesce(is_needed, false) then 'no holdout is needed'
            when smallest_control is null and holdout_share > 0
                then 'the planned holdout cannot detect it: send to more people, or test for a larger effect'
            when smallest_control is null then 'too few people to detect such an effect; pool several sends'
            when holdout_share > 0 and planned_control < smallest_control
                then 'the planned holdout is too small for the effect; hold out more'
            when plan_key is not null and holdout_share = 0
                then 'the plan has no holdout, so its lift cannot be measured'
            else 'a holdout can detect the effect'
        end as explanation

    from classified

)

select * from explained
