-- Grain: one row per segment and role: the last approval of the current rule, unless it was withdrawn since.
with approval_log as (

    select * from {{ ref('int_segment_approval_log') }}

),

-- One invalid row invalidates the whole log of its segment: other rows may be missing too.
broken_logs as (

    select distinct segment_key
    from approval_log
    where fault is not null

),

rules as (

    select * from {{ ref('int_segment_rules') }}

),

ranked as (

    select
        approval_log.*,
        row_number() over (
            partition by approval_log.segment_key, approval_log.role
            order by approval_log.sequence_number desc
        ) as recency_rank

    from approval_log
    inner join rules
        on
            approval_log.segment_key = rules.segment_key
            and approval_log.rule_fingerprint = rules.rule_fingerprint
    left join broken_logs
        on approval_log.segment_key = broken_logs.segment_key
    where broken_logs.segment_key is null

),

standing as (

    select
        segment_key,
        rule_fingerprint,
        role,
        approved_by,
        approved_at,
        count_low,
        count_high,
        is_signed

    from ranked
    where recency_rank = 1 and decision = 'approved'

)

select * from standing
