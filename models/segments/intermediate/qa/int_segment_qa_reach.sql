-- Grain: one row per computable segment and channel: how many members may be contacted there.
with segments as (

    select * from {{ ref('int_segment_qa_segments') }}
    where is_computable

),

channels as (

    select
        segment_key,
        channel

    from {{ ref('int_segment_channels') }}

),

counts as (

    select
        segment_key,
        channel,
        sum(case when left_out_reason is null then 1 else 0 end) as reachable_count,
        sum(case when left_out_reason = 'suppressed' then 1 else 0 end) as suppressed_count

    from {{ ref('int_segment_audience_candidates') }}
    where channel in ('email', 'sms')
    group by segment_key, channel

),

unknown_suppression as (

    select
        channel,
        min(segment_key) as suppression_key

    from {{ ref('int_segment_channels') }}
    where is_suppression and effective_status = 'not_computable'
    group by channel

),

-- Consent is known by person for e-mail and text messages; on other channels all members count.
joined as (

    select
        segments.segment_key,
        channels.channel,
        segments.customer_count,
        case
            when channels.channel in ('email', 'sms') then coalesce(counts.reachable_count, 0)
            else segments.customer_count
        end as reachable_count,
        coalesce(counts.suppressed_count, 0) as suppressed_count,
        unknown_suppression.suppression_key as unknown_suppression_key,
        channels.channel in ('email', 'sms') as is_consent_known

    from segments
    inner join channels
        on segments.segment_key = channels.segment_key
    left join counts
        on segments.segment_key = counts.segment_key and channels.channel = counts.channel
    left join unknown_suppression
        on channels.channel = unknown_suppression.channel

)

select * from joined
