-- Grain: one row per change of int_membership_changes: whether the values of both days are kept, whether the customer
-- was known on them, and into whom or from whom it was merged in between.
with changes as (

    select * from {{ ref('int_membership_changes') }}

),

kept_values as (

    select
        as_of_date,
        customer_id

    from {{ ref('int_segment_values') }}

),

kept_days as (

    select distinct as_of_date from kept_values

),

id_changes as (

    select
        old_customer_id,
        new_customer_id,
        changed_date

    from {{ ref('identity_log') }}
    where change = 'merge'

),

merged_into as (

    select
        changes.as_of_date,
        changes.customer_id,
        changes.segment_key,
        min(id_changes.new_customer_id) as new_customer_id

    from changes
    inner join id_changes
        on
            changes.customer_id = id_changes.old_customer_id
            and changes.previous_as_of_date < id_changes.changed_date
            and changes.as_of_date >= id_changes.changed_date
    where changes.change = 'left'
    group by changes.as_of_date, changes.customer_id, changes.segment_key

),

merged_from as (

    select
        as_of_date,
        segment_key,
        new_customer_id as customer_id,
        min(customer_id) as old_customer_id

    from merged_into
    group by as_of_date, segment_key, new_customer_id

),

profiles as (

    select
        changes.as_of_date,
        changes.customer_id,
        changes.segment_key,
        kept_now.as_of_date is not null as has_values,
        kept_then.as_of_date is not null as has_previous_values,
        known_now.customer_id is not null as is_profiled,
        known_then.customer_id is not null as was_profiled,
        merged_into.new_customer_id,
        merged_from.old_customer_id

    from changes
    left join kept_days as kept_now
        on changes.as_of_date = kept_now.as_of_date
    left join kept_days as kept_then
        on changes.previous_as_of_date = kept_then.as_of_date
    left join kept_values as known_now
        on
            changes.as_of_date = known_now.as_of_date
            and changes.customer_id = known_now.customer_id
    left join kept_values as known_then
        on
            changes.previous_as_of_date = known_then.as_of_date
            and changes.customer_id = known_then.customer_id
    left join merged_into
        on
            changes.as_of_date = merged_into.as_of_date
            and changes.customer_id = merged_into.customer_id
            and changes.segment_key = merged_into.segment_key
    left join merged_from
        on
            changes.as_of_date = merged_from.as_of_date
            and changes.customer_id = merged_from.customer_id
            and changes.segment_key = merged_from.segment_key

)

select * from profiles
