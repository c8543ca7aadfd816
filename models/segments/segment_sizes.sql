-- Grain: one row per evaluated day up to as_of_date and segment that was evaluated or could not be computed.
with evaluations as (

    select * from {{ ref('segment_evaluations') }}
    where status in ('active', 'not_computable') and as_of_date <= {{ as_of_date() }}

),

sizes as (

    select
        as_of_date,
        segment_key,
        customer_count,
        rule_version,
        rule_fingerprint,
        status

    from evaluations

)

select * from sizes
