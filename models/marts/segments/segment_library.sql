-- Grain: one row per segment: its full specification, its rule in words, its status and size in this run.
with definitions as (

    select * from {{ ref('int_segment_definitions') }}

),

sizes as (

    select * from {{ ref('segment_sizes') }}
    where as_of_date = {{ as_of_date() }}

),

earlier_approvals as (

    select distinct trim(segment_key) as segment_key from {{ ref('segment_approvals') }}

),

approvals as (

    select
        segment_key,
        sum(case when is_given then 1 else 0 end) as given_count,
        count(distinct lower(approved_by)) as approver_count,
        min(case when is_given and not is_count_in_band then 0 else 1 end) as all_in_band

    from {{ ref('segment_approval_status') }}
    group by segment_key

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
            when coalesce(approvals.given_count, 0) = 0 and earlier_approvals.segment_key is not null then 'lapsed'
            when coalesce(approvals.given_count, 0) = 0 then 'none'
            when approvals.given_count < 3 then 'partial'
            when approvals.approver_count < 3 then 'same_person_twice'
            when approvals.all_in_band = 0 then 'count_outside_band'
            else 'approved'
        end as approval_status,
        definitions.is_suppression

    from definitions
    left join sizes
        on definitions.segment_key = sizes.segment_key
    left join approvals
        on definitions.segment_key = approvals.segment_key
    left join earlier_approvals
        on definitions.segment_key = earlier_approvals.segment_key

)

select * from joined
