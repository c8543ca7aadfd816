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

uses as (

    select * from {{ ref('int_segment_uses') }}
    where role <> 'care_waiver'

),

joined as (

    select
        definitions.segment_key,
        uses.role,
        definitions.rule_fingerprint,
        approvals.approved_by,
        approvals.approved_at,
        approvals.count_low,
        approvals.count_high,
        sizes.customer_count,
        approvals.segment_key is not null and approvals.changed_parts is null as is_given,
        coalesce(sizes.customer_count between approvals.count_low and approvals.count_high, false) as is_count_in_band,
        coalesce(approvals.is_signed, false) as is_signed,
        uses.required_use,
        approvals.changed_parts

    from definitions
    inner join uses
        on definitions.segment_key = uses.segment_key
    left join approvals
        on
            uses.segment_key = approvals.segment_key
            and uses.role = approvals.role
    left join sizes
        on definitions.segment_key = sizes.segment_key

)

select * from joined
