-- Grain: one row per evaluated day and segment that somebody entered or left: how many, by kind of reason.
with changes as (

    select
        as_of_date,
        segment_key,
        change,
        case when change = 'entered' then reason_kind end as entered_by,
        case when change = 'left' then reason_kind end as left_by

    from {{ ref('membership_changes') }}

),

counted as (

    select
        as_of_date,
        segment_key,
        count(*) filter (where change = 'entered') as entered_count,
        count(*) filter (where entered_by = 'initial_load') as entered_by_initial_load_count,
        count(*) filter (where entered_by = 'condition') as entered_by_condition_count,
        count(*) filter (where entered_by = 'rule_change') as entered_by_rule_change_count,
        count(*) filter (where change = 'left') as left_count,
        count(*) filter (where left_by = 'condition') as left_by_condition_count,
        count(*) filter (where left_by = 'rule_change') as left_by_rule_change_count,
        count(*) filter (where left_by = 'suppression') as left_by_suppression_count

    from changes
    group by as_of_date, segment_key

)

select * from counted
