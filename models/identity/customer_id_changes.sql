-- Grain: one row per customer id that was merged into, or lost profiles to, another, and piece of evidence.
with log as (

    select * from {{ ref('identity_log') }}

),

registry as (

    select * from {{ ref('identity_registry') }}

),

-- The current customer of the profile that the old id was named after, after any number of merges.
latest as (

    select
        profile_id,
        max_by(customer_id, run_number) as customer_id

    from registry
    group by profile_id

),

changes as (

    select
        log.old_customer_id,
        log.new_customer_id,
        log.change,
        log.changed_date as changed_on,
        latest.customer_id as current_customer_id,
        cast(log.profile_count as bigint) as profile_count,
        cast(log.evidence_rank as bigint) as evidence_rank,
        log.evidence_type,
        log.evidence_id,
        log.reason,
        log.moved_profile_id,
        log.other_profile_id,
        log.evidence_known_at

    from log
    left join latest
        on log.old_customer_id = latest.profile_id
    where log.changed_date <= {{ as_of_date() }}

)

select * from changes
