-- Grain: one row per active segment and channel on which marketing reaches people: how many members it has, how many are left out, and why.
with candidates as (

    select * from {{ ref('int_segment_audience_candidates') }}

),

segment_channels as (

    select * from {{ ref('int_segment_channels') }}
    where effective_status = 'active'

),

counted as (

    select
        {{ as_of_date() }} as as_of_date,
        segment_channels.segment_key,
        segment_channels.channel,
        count(candidates.customer_id) as member_count,
        count(case when candidates.left_out_reason = 'suppressed' then 1 end) as suppressed_count,
        count(case when candidates.left_out_reason = 'suppression_unknown' then 1 end) as suppression_unknown_count,
        count(case when candidates.left_out_reason = 'in_care' then 1 end) as in_care_count,
        count(case when candidates.left_out_reason = 'no_consent' then 1 end) as no_consent_count,
        count(case when candidates.left_out_reason = 'no_address' then 1 end) as no_address_count,
        count(case when candidates.left_out_reason = 'not_contactable' then 1 end) as not_contactable_count,
        count(case when candidates.customer_id is not null and candidates.left_out_reason is null then 1 end)
            as reachable_count,
        {% for reason in [
            'opted_out', 'spam_complaint', 'hard_bounce', 'legal_hold', 'do_not_contact', 'suppression_segment',
            'open_complaint', 'service_recovery', 'complaints_unknown'
        ] %}
        count(case when candidates.left_out_detail = '{{ reason }}' then 1 end) as {{ reason }}_count,
        {% endfor %}
        count(case when candidates.left_out_detail = 'expired' then 1 end) as expired_count,
        count(case when candidates.left_out_detail = 'pending' then 1 end) as pending_count

    from segment_channels
    left join candidates
        on
            segment_channels.segment_key = candidates.segment_key
            and segment_channels.channel = candidates.channel
    where segment_channels.channel in ('{{ audience_channels().keys() | join("', '") }}')
    group by segment_channels.segment_key, segment_channels.channel

)

select * from counted
