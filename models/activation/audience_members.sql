-- Grain: one row per approved active segment, channel and customer who may be contacted there. Direct identifiers.
with candidates as (

    select * from {{ ref('int_segment_audience_candidates') }}
    where left_out_reason is null and channel in ('email', 'sms')

),

library as (

    select * from {{ ref('segment_library') }}
    where effective_status = 'active' and approval_status = 'approved' and not is_suppression

),

contacts as (

    select * from {{ ref('contacts') }}

),

explanations as (

    select * from {{ ref('segment_explanations') }}

),

primary_segments as (

    select * from {{ ref('customer_primary_segment') }}

),

joined as (

    select
        candidates.as_of_date,
        candidates.segment_key,
        candidates.channel,
        candidates.customer_id,
        case when candidates.channel = 'email' then contacts.email end as email,
        case when candidates.channel = 'sms' then contacts.phone end as phone,
        primary_segments.segment_key as primary_segment_key,
        coalesce(primary_segments.segment_key = candidates.segment_key, false) as is_primary,
        explanations.explanation,
        library.rule_version,
        library.rule_fingerprint

    from candidates
    inner join library
        on candidates.segment_key = library.segment_key
    inner join contacts
        on candidates.customer_id = contacts.customer_id
    left join explanations
        on
            candidates.customer_id = explanations.customer_id
            and candidates.segment_key = explanations.segment_key
    left join primary_segments
        on
            candidates.customer_id = primary_segments.customer_id
            and candidates.channel = primary_segments.channel

)

select * from joined
