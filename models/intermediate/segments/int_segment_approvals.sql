-- Grain: one row per segment and role: the last approval of the rule as it is now.
with approvals as (

    select
        trim(segment_key) as segment_key,
        trim(rule_fingerprint) as rule_fingerprint,
        lower(trim(role)) as role,
        trim(approved_by) as approved_by,
        trim(approved_at) as approved_at,
        {{ whole_number('count_low') }} as count_low,
        {{ whole_number('count_high') }} as count_high

    from {{ ref('segment_approvals') }}

),

rules as (

    select * from {{ ref('int_segment_rules') }}

),

ranked as (

    select
        approvals.segment_key,
        approvals.rule_fingerprint,
        approvals.role,
        approvals.approved_by,
        approvals.approved_at,
        approvals.count_low,
        approvals.count_high,
        row_number() over (
            partition by approvals.segment_key, approvals.role
            order by approvals.approved_at desc, approvals.approved_by
        ) as approval_rank

    from approvals
    inner join rules
        on
            approvals.segment_key = rules.segment_key
            and approvals.rule_fingerprint = rules.rule_fingerprint

),

latest as (

    select
        segment_key,
        rule_fingerprint,
        role,
        approved_by,
        approved_at,
        count_low,
        count_high

    from ranked
    where approval_rank = 1

)

select * from latest
