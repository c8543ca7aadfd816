-- Grain: one row per customer and segment entered or left on as_of_date, against the evaluated day before it, or on the
-- next evaluated day, against as_of_date. Who was in on other days follows from the log of changes alone.
with comparisons as (

    select * from {{ ref('int_membership_comparisons') }}

),

this_day as (

    select * from comparisons
    where as_of_date = {{ as_of_date() }}

),

later_days as (

    select * from comparisons
    where as_of_date > {{ as_of_date() }}

),

members as (

    select * from {{ ref('int_segment_members') }}

),

log as (
    {{ membership_log_before() }}

),

logged_states as (

    select
        log.customer_id,
        log.segment_key,
        max_by(log.change, log.as_of_date) filter (where log.as_of_date < {{ as_of_date() }}) as earlier_change,
        max_by(log.change, log.as_of_date) filter (where log.as_of_date <= later_days.as_of_date) as later_change

    from log
    left join later_days
        on log.segment_key = later_days.segment_key
    group by log.customer_id, log.segment_key

),

states as (

    select
        coalesce(members.customer_id, logged_states.customer_id) as customer_id,
        coalesce(members.segment_key, logged_states.segment_key) as segment_key,
        members.customer_id is not null as is_member,
        coalesce(logged_states.earlier_change = 'entered', false) as was_in,
        coalesce(logged_states.later_change = 'entered', false) as is_in_later

    from members
    full outer join logged_states
        on
            members.customer_id = logged_states.customer_id
            and members.segment_key = logged_states.segment_key

),

changes as (

    select
        this_day.as_of_date,
        states.customer_id,
        states.segment_key,
        states.is_member as is_entry

    from states
    inner join this_day
        on states.segment_key = this_day.segment_key
    where states.is_member <> states.was_in

    union all

    -- Where the segment cannot be computed on as_of_date, its members stand as they stood.
    select
        later_days.as_of_date,
        states.customer_id,
        states.segment_key,
        states.is_in_later as is_entry

    from states
    inner join later_days
        on states.segment_key = later_days.segment_key
    left join this_day
        on states.segment_key = this_day.segment_key
    where
        states.is_in_later
        <> case when this_day.segment_key is null then states.was_in else states.is_member end

),

described as (

    select
        changes.as_of_date,
        changes.customer_id,
        changes.segment_key,
        case when changes.is_entry then 'entered' else 'left' end as change,
        comparisons.previous_as_of_date,
        comparisons.status,
        comparisons.rule_version,
        comparisons.expires_on,
        comparisons.previous_status,
        comparisons.previous_rule_version,
        comparisons.is_first_day,
        coalesce(comparisons.rule_fingerprint = comparisons.previous_rule_fingerprint, false) as has_same_rule

    from changes
    inner join comparisons
        on
            changes.segment_key = comparisons.segment_key
            and changes.as_of_date = comparisons.as_of_date

)

select * from described
