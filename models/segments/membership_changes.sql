-- Grain: one row per evaluated day up to as_of_date, customer and segment entered or left, with the reason.
with log as (

    select * from {{ ref('membership_log') }}
    where customer_id is not null and as_of_date <= {{ as_of_date() }}

),

changes as (

    select
        as_of_date,
        customer_id,
        segment_key,
        change,
        reason,
        previous_as_of_date,
        rule_version,
        reason_kind

    from log

)

select * from changes
