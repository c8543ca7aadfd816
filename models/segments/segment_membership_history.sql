-- Grain: one row per customer, segment and unbroken stay in it, up to as_of_date.
with changes as (

    select * from {{ ref('membership_changes') }}

),

paired as (

    select
        customer_id,
        segment_key,
        change,
        as_of_date as valid_from,
        lead(as_of_date) over (partition by customer_id, segment_key order by as_of_date) as valid_to,
        reason as entry_reason,
        lead(reason) over (partition by customer_id, segment_key order by as_of_date) as exit_reason

    from changes

),

stays as (

    select
        customer_id,
        segment_key,
        valid_from,
        valid_to,
        entry_reason,
        exit_reason

    from paired
    where change = 'entered'

)

select * from stays
