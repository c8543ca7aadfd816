-- Grain: one row per change of int_membership_changes: its kind of reason, and the reason where it follows from the
-- kind. Changes explained by flipped conditions have the kind `condition` and no reason yet.
with changes as (

    select * from {{ ref('int_membership_changes') }}

),

merged_into as (

    select
        changes.as_of_date,
        changes.customer_id,
        changes.segment_key,
        min(id_changes.new_customer_id) as new_customer_id

    from changes
    inner join {{ ref('identity_log') }} as id_changes
        on
            changes.customer_id = id_changes.old_customer_id
            and changes.previous_as_of_date < id_changes.changed_date
            and changes.as_of_date >= id_changes.changed_date
    where changes.change = 'left' and id_changes.change = 'merge'
    group by changes.as_of_date, changes.customer_id, changes.segment_key

),

merge_targets as (

    select distinct
        as_of_date,
        new_customer_id as customer_id,
        segment_key

    from merged_into

),

classified as (

    select
        changes.*,
        coalesce(changes.previous_status, '') <> 'active' as has_become_active,
        case
            when changes.is_first_day then 'initial_load'
            when changes.status = 'expired' then 'expired'
            when changes.status <> 'active' then 'not_active'
            when changes.change = 'entered' and coalesce(changes.previous_status, '') <> 'active' then 'rule_change'
            when merged_into.customer_id is not null then 'merged'
            when changes.change = 'left' and changes.has_values and not changes.is_profiled then 'customer_gone'
            when not changes.has_same_rule then 'rule_change'
            when changes.change = 'entered' and merge_targets.customer_id is not null then 'merged'
            when not (changes.has_values and changes.has_previous_values) then 'unknown'
            else 'condition'
        end as reason_kind

    from changes
    left join merged_into
        on
            changes.as_of_date = merged_into.as_of_date
            and changes.customer_id = merged_into.customer_id
            and changes.segment_key = merged_into.segment_key
    left join merge_targets
        on
            changes.as_of_date = merge_targets.as_of_date
            and changes.customer_id = merge_targets.customer_id
            and changes.segment_key = merge_targets.segment_key

),

worded as (

    select
        as_of_date,
        customer_id,
        segment_key,
        change,
        previous_as_of_date,
        rule_version,
        reason_kind,
        case
            when reason_kind = 'initial_load' then 'initial_load'
            when reason_kind = 'expired' then concat_ws('', 'segment expired after ', expires_on)
            when reason_kind = 'not_active' and status = 'removed' then 'segment was removed'
            when reason_kind = 'not_active' then concat_ws('', 'segment became ', replace(status, '_', ' '))
            -- Without the other customer's id, which must not remain after its erasure; customer_id_changes has it.
            when reason_kind = 'merged' and change = 'left' then 'merged into another customer'
            when reason_kind = 'merged' then 'merged with a customer who was in it'
            when reason_kind = 'customer_gone' then 'customer no longer profiled'
            when reason_kind = 'rule_change' and has_become_active
                then concat_ws('', 'segment became active with rule v', rule_version)
            when reason_kind = 'rule_change' and rule_version = previous_rule_version
                then concat_ws('', 'the meaning of rule v', rule_version, ' changed')
            when reason_kind = 'rule_change'
                then concat_ws('', 'rule changed v', previous_rule_version, ' → v', rule_version)
            when reason_kind = 'unknown'
                then concat_ws(
                        '', 'values of ', case when has_values then previous_as_of_date else as_of_date end,
                        ' are no longer kept'
                    )
        end as reason

    from classified

)

select * from worded
