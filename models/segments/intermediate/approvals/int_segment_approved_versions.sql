-- Grain: one row per segment whose rule was approved: the version last approved, and the one in force.
with approval_log as (

    select * from {{ ref('int_segment_approval_log') }}
    where fault is null and decision = 'approved'

),

versions as (

    select
        segment_key,
        rule_fingerprint,
        max(rule_version) as rule_version

    from {{ ref('segment_versions') }}
    group by segment_key, rule_fingerprint

),

present_versions as (

    select * from {{ ref('int_segment_rule_versions') }}

),

approved as (

    select
        approval_log.segment_key,
        max_by(versions.rule_version, (coalesce(approval_log.sequence_number, 0), versions.rule_version)) as approved_version

    from approval_log
    inner join versions
        on
            approval_log.segment_key = versions.segment_key
            and approval_log.rule_fingerprint = versions.rule_fingerprint
    group by approval_log.segment_key

),

joined as (

    select
        approved.segment_key,
        approved.approved_version,
        present_versions.rule_version as present_version

    from approved
    inner join present_versions
        on approved.segment_key = present_versions.segment_key

)

select * from joined
