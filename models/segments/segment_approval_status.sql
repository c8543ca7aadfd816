-- Grain: one row per segment and role whose approval it needs.
with definitions as (

    select * from {{ ref('int_segment_definitions') }}
    where rule_fingerprint is not null

),

approvals as (

    select * from {{ ref('int_segment_approvals') }}

),

sizes as (

    select * from {{ ref('segment_sizes') }}
    where as_of_date = {{ as_of_date() }}

),

roles as (

    select
        'segment_owner' as role,
        false as is_for_risk
    union all
    select
        'campaign_owner' as role,
        false as is_for_risk
    union all
    select
        'data_owner' as role,
        false as is_for_risk
    union all
    select
        'risk_owner' as role,
        true as is_for_risk

),

joined as (

    select
        definitions.segment_key,
        roles.role,
        definitions.rule_fingerprint,
        approvals.approved_by,
        approvals.approved_at,
        approvals.count_low,
        approvals.count_high,
        sizes.customer_count,
        approvals.segment_key is not null as is_given,
        coalesce(sizes.customer_count between approvals.count_low and approvals.count_high, false) as is_count_in_band,
        coalesce(approvals.is_signed, false) as is_signed

    from definitions
    inner join roles
        on definitions.risk_class <> 'none' or not roles.is_for_risk
    left join approvals
        on
            definitions.segment_key = approvals.segment_key
            and roles.role = approvals.role
    left join sizes
        on definitions.segment_key = sizes.segment_key

)

select * from joined
