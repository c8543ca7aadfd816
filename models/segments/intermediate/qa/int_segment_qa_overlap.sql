-- Grain: one row per segment: how much of it is in another active audience on the same channel.
with segments as (

    select * from {{ ref('int_segment_qa_segments') }}
    where is_computable

),

channels as (

    select
        segments.segment_key,
        segments.rule_fingerprint,
        channels.channel

    from segments
    inner join {{ ref('int_segment_channels') }} as channels
        on segments.segment_key = channels.segment_key
    where not segments.is_suppression

),

pairs as (

    select distinct
        channels.segment_key,
        others.segment_key as other_segment_key,
        channels.rule_fingerprint = others.rule_fingerprint as is_same_rule,
        coalesce(overlap.share_of_segment, 0) as share_of_segment,
        coalesce(overlap.jaccard, 0) as jaccard

    from channels
    inner join channels as others
        on channels.channel = others.channel and channels.segment_key <> others.segment_key
    left join {{ ref('segment_overlap') }} as overlap
        on channels.segment_key = overlap.segment_key and others.segment_key = overlap.other_segment_key

),

-- The other audience that matters most: the same rule first, then by Jaccard overlap, then by shared members.
ranked as (

    select
        *,
        row_number() over (
            partition by segment_key
            order by case when is_same_rule then 0 else 1 end, jaccard desc, share_of_segment desc, other_segment_key
        ) as twin_rank,
        max(share_of_segment) over (partition by segment_key) as largest_share,
        min_by(other_segment_key, (-share_of_segment, other_segment_key)) over (partition by segment_key) as largest_key

    from pairs

),

classified as (

    select
        segments.segment_key,
        segments.customer_count,
        segments.is_suppression,
        ranked.other_segment_key as twin_key,
        ranked.largest_key,
        coalesce(ranked.largest_share, 0) as largest_share,
        limits.overlap_warn_share,
        limits.overlap_twin_jaccard,
        coalesce(ranked.is_same_rule or ranked.jaccard >= limits.overlap_twin_jaccard, false) as is_twin,
        case
            when ranked.is_same_rule then 2
            when ranked.jaccard >= limits.overlap_twin_jaccard
                and segments.customer_count >= limits.overlap_twin_min_count then 2
            when ranked.jaccard >= limits.overlap_twin_jaccard then 1
            when ranked.largest_share > limits.overlap_warn_share then 1
            else 0
        end as severity

    from segments
    cross join {{ ref('int_qa_limits') }} as limits
    left join ranked
        on segments.segment_key = ranked.segment_key and ranked.twin_rank = 1

),

explained as (

    select
        segment_key,
        cast(null as {{ dbt.type_string() }}) as plan_key,
        case when is_suppression then 'not_applicable' else {{ qa_status('severity') }} end as status,
        case
            when is_suppression then 'not measured'
            when largest_share = 0 then '0.0 %'
            else concat_ws('', {{ share_text('largest_share') }}, ' also in ', largest_key)
        end as observed,
        'a distinct audience on each channel' as expected,
        concat_ws(
            '', 'warns above ', {{ share_text('overlap_warn_share') }}, ', fails for duplicates: the same rule, or ',
            {{ share_text('overlap_twin_jaccard') }}, ' of the combined members in both'
        ) as threshold,
        case
            when is_suppression then 'a suppression is meant to overlap with the segments it suppresses'
            when severity = 2 then concat_ws('', 'it duplicates ', twin_key, '; retire one of the two')
            when is_twin then concat_ws('', 'so far it has the same few members as ', twin_key)
            when severity = 1
                then concat_ws(
                        '', 'most of its members are also in ', largest_key,
                        ' on the same channel; only the priority decides which message they get'
                    )
            else 'no other active audience on the same channel contains most of its members'
        end as explanation

    from classified

)

select * from explained
