-- Grain: one row per segment and plan: how many members may be contacted, on the plan's channel or on the best one.
with audiences as (

    select * from {{ ref('int_segment_qa_audiences') }}

),

reach as (

    select
        audiences.segment_key,
        audiences.plan_key,
        max(reach.reachable_count) as reachable_count,
        min_by(reach.channel, (-reach.reachable_count, reach.channel)) as channel,
        min(reach.reachable_count) as lowest_count,
        min_by(reach.channel, (reach.reachable_count, reach.channel)) as lowest_channel,
        min_by(reach.suppressed_count, (-reach.reachable_count, reach.channel)) as suppressed_count,
        max(reach.unknown_suppression_key) as unknown_suppression_key

    from audiences
    inner join {{ ref('int_segment_qa_reach') }} as reach
        on
            audiences.segment_key = reach.segment_key
            and coalesce(audiences.channel, reach.channel) = reach.channel
    where reach.is_consent_known
    group by audiences.segment_key, audiences.plan_key

),

measured as (

    select
        audiences.segment_key,
        audiences.plan_key,
        segments.is_suppression or reach.segment_key is null or segments.customer_count = 0 as is_not_applicable,
        segments.is_suppression,
        segments.customer_count,
        reach.channel,
        reach.lowest_channel,
        reach.unknown_suppression_key,
        cast(reach.reachable_count as double) / nullif(segments.customer_count, 0) as reach_share,
        cast(reach.lowest_count as double) / nullif(segments.customer_count, 0) as lowest_share,
        cast(reach.suppressed_count as double) / nullif(segments.customer_count, 0) as suppressed_share,
        limits.consent_reach_warn_share,
        limits.consent_reach_fail_share

    from audiences
    cross join {{ ref('int_qa_limits') }} as limits
    inner join {{ ref('int_segment_qa_segments') }} as segments
        on audiences.segment_key = segments.segment_key
    left join reach
        on
            audiences.segment_key = reach.segment_key
            and coalesce(audiences.plan_key, '') = coalesce(reach.plan_key, '')

),

classified as (

    select
        *,
        case
            when unknown_suppression_key is not null or reach_share = 0 then 2
            else greatest(
                    {{ qa_severity('reach_share', 'consent_reach_warn_share', 'consent_reach_fail_share', '<') }},
                    case when lowest_share < consent_reach_warn_share then 1 else 0 end
                )
        end as severity

    from measured

),

explained as (

    select
        segment_key,
        plan_key,
        case
            when is_suppression then 'not_applicable'
            when unknown_suppression_key is not null then 'fail'
            when is_not_applicable then 'not_applicable'
            else {{ qa_status('severity') }}
        end as status,
        case
            when channel is null then 'not measured'
            else concat_ws(
                    '', {{ share_text('reach_share') }}, ' by ', channel,
                    case
                        when lowest_channel <> channel
                            then concat_ws('', ', ', {{ share_text('lowest_share') }}, ' by ', lowest_channel)
                    end,
                    '; ', {{ share_text('suppressed_share') }}, ' suppressed on ', channel
                )
        end as observed,
        'members with consent and an address who are not suppressed' as expected,
        concat_ws(
            '', 'fails below ', {{ share_text('consent_reach_fail_share') }}, ', warns below ',
            {{ share_text('consent_reach_warn_share') }}, ' on any channel'
        ) as threshold,
        case
            when is_suppression then 'members of a suppression are not contacted'
            when unknown_suppression_key is not null
                then 'who is suppressed is not known: ' || unknown_suppression_key || ' could not be computed'
            when customer_count = 0 then 'it has no members'
            when is_not_applicable then 'it is used on no channel that needs individual consent'
            when severity = 2
                then concat_ws(
                        '', 'few or no members may be contacted by ', channel, '; use another one, or ask for consent'
                    )
            when reach_share < consent_reach_warn_share then concat_ws('', 'few members may be contacted by ', channel)
            when severity = 1 then concat_ws('', 'few members may be contacted by ', lowest_channel)
            else 'enough members may be contacted'
        end as explanation

    from classified

)

select * from explained
