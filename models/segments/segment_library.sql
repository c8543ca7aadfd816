-- Grain: one row per segment: its full specification, its rule in words, its status and size in this run.
with definitions as (

    select * from {{ ref('int_segment_definitions') }}

),

sizes as (

    select * from {{ ref('segment_sizes') }}
    where as_of_date = {{ as_of_date() }}

),

approval_logs as (

    select
        segment_key,
        max(case when fault is not null then 1 else 0 end) as is_broken

    from {{ ref('int_segment_approval_log') }}
    group by segment_key

),

approvals as (

    select
        segment_key,
        count(*) as needed_count,
        sum(case when is_given then 1 else 0 end) as given_count,
        count(distinct lower({{ regexp_replace_all('trim(approved_by)', ' +', ' ') }})) as approver_count,
        min(case when is_given and not is_count_in_band then 0 else 1 end) as all_in_band

    from {{ ref('segment_approval_status') }}
    group by segment_key

),

approved_versions as (

    select * from {{ ref('int_segment_approved_versions') }}

),

rule_changes as (

    select * from {{ ref('int_segment_rule_changes') }}

),

joined as (

    select
        definitions.segment_key,
        definitions.library_number,
        definitions.segment_name,
        definitions.business_purpose,
        definitions.included,
        definitions.excluded,
        definitions.required_data,
        definitions.refresh_cadence,
        definitions.owner,
        definitions.priority,
        definitions.channels,
        definitions.approved_uses,
        definitions.success_measure,
        definitions.review_rule,
        definitions.next_action,
        definitions.status,
        definitions.effective_status,
        definitions.status_reason,
        definitions.missing_attributes,
        definitions.unavailable_attributes,
        definitions.tags,
        definitions.segment_kind,
        definitions.scope,
        definitions.risk_class,
        definitions.expected_min_share,
        definitions.expected_max_share,
        definitions.rule_text,
        definitions.rule_fingerprint,
        definitions.rule_version,
        sizes.customer_count,
        case
            when approval_logs.is_broken = 1 then 'broken_log'
            when coalesce(approvals.given_count, 0) = 0 and approval_logs.segment_key is not null then 'lapsed'
            when coalesce(approvals.given_count, 0) = 0 then 'none'
            when approvals.given_count < approvals.needed_count then 'partial'
            when approvals.approver_count < approvals.needed_count then 'same_person_twice'
            -- A segment that is not active has no members, so there is no size to compare with the band.
            when approvals.all_in_band = 0 and sizes.customer_count is not null then 'count_outside_band'
            else 'approved'
        end as approval_status,
        definitions.is_suppression,
        definitions.expires_on,
        definitions.review_by,
        approved_versions.approved_version,
        rule_changes.change_text as change_since_approval

    from definitions
    left join sizes
        on definitions.segment_key = sizes.segment_key
    left join approvals
        on definitions.segment_key = approvals.segment_key
    left join approval_logs
        on definitions.segment_key = approval_logs.segment_key
    left join approved_versions
        on definitions.segment_key = approved_versions.segment_key
    left join rule_changes
        on
            approved_versions.segment_key = rule_changes.segment_key
            and approved_versions.approved_version = rule_changes.from_version
            and approved_versions.present_version = rule_changes.to_version

),

-- Segments that protect people act without approval: withholding a message needs no sign-off.
with_right_to_act as (

    select
        joined.*,
        joined.approval_status = 'approved'
        or joined.is_suppression
        or definitions.is_service_recovery as may_act,
        definitions.is_selling

    from joined
    inner join definitions
        on joined.segment_key = definitions.segment_key

)

select * from with_right_to_act
