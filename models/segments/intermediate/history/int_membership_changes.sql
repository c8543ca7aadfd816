-- Grain: one row per customer and segment entered or left on as_of_date, compared with the previous evaluated day, or
-- on the next evaluated day, compared with as_of_date; and whether the customer's values of both days are kept.
-- Membership on other days follows from the log of changes alone.
with comparisons as (

    select * from {{ ref('int_membership_comparisons') }}

),

members as (

    select * from {{ ref('int_segment_members') }}

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

log as (
    {{ membership_log_before() }}

),

logged_states as (

    select
        log.customer_id,
        log.segment_key,
        max_by(log.change, log.as_of_date) filter (where log.as_of_date < {{ as_of_date() }}) as earlier_change,
        max_by(log.change, log.as_of_date) filter (where log.as_of_date <= later.as_of_date) as later_change

    from log
    left join comparisons as later
        on log.segment_key = later.segment_key and later.as_of_date > {{ as_of_date() }}
    group by log.customer_id, log.segment_key

),

states as (

    select
        coalesce(members.customer_id, logged_states.customer_id) as customer_id,
        coalesce(members.segment_key, logged_states.segment_key) as segment_key,
        members.customer_id is not null as is_member,
        coalesce(logged_states.earlier_change = 'entered', false) as was_member_before,
        coalesce(logged_states.later_change = 'entered', false) as is_member_later

    from members
    full outer join logged_states
        on members.customer_id = logged_states.customer_id and members.segment_key = logged_states.segment_key

),

-- Where the segment cannot be computed on as_of_date, the later day is compared with the earlier one.
compared as (

    select
        comparisons.*,
        states.customer_id,
        case
            when comparisons.as_of_date = {{ as_of_date() }} then states.is_member else states.is_member_later
        end as is_in,
        case
            when comparisons.previous_as_of_date = {{ as_of_date() }} then states.is_member
            else states.was_member_before
        end as was_in

    from states
    inner join comparisons
        on states.segment_key = comparisons.segment_key

),

changes as (

    select
        compared.as_of_date,
        compared.customer_id,
        compared.segment_key,
        case when compared.is_in then 'entered' else 'left' end as change,
        compared.previous_as_of_date,
        compared.status,
        compared.rule_version,
        compared.expires_on,
        compared.previous_status,
        compared.previous_rule_version,
        compared.is_first_day,
        coalesce(compared.rule_fingerprint = compared.previous_rule_fingerprint, false) as has_same_rule,
        kept_now.as_of_date is not null as has_values,
        kept_then.as_of_date is not null as has_previous_values,
        known_now.customer_id is not null as is_profiled,
        known_then.customer_id is not null as was_profiled

    from compared
    left join kept_days as kept_now
        on compared.as_of_date = kept_now.as_of_date
    left join kept_days as kept_then
        on compared.previous_as_of_date = kept_then.as_of_date
    left join kept_values as known_now
        on compared.as_of_date = known_now.as_of_date and compared.customer_id = known_now.customer_id
    left join kept_values as known_then
        on compared.previous_as_of_date = known_then.as_of_date and compared.customer_id = known_then.customer_id
    where compared.is_in <> compared.was_in

)

select * from changes
