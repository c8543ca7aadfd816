-- Grain: one row per change of int_membership_changes: its kind of reason, and the reason where the kind says it all.
-- What is to be told from the flipped conditions has the kind `condition` and no reason yet.
with changes as (

    select * from {{ ref('int_membership_changes') }}

),

profiles as (

    select * from {{ ref('int_membership_profiles') }}

),

sorted as (

    select
        changes.as_of_date,
        changes.customer_id,
        changes.segment_key,
        changes.change,
        changes.previous_as_of_date,
        changes.status,
        changes.expires_on,
        changes.rule_version,
        changes.previous_rule_version,
        profiles.has_previous_values and not profiles.was_profiled as is_new_customer,
        case
            when not profiles.has_values then changes.as_of_date else changes.previous_as_of_date
        end as forgotten_date,
        case
            when changes.is_first_day then 'initial_load'
            when changes.status = 'expired' then 'expired'
            when changes.status <> 'active' then 'not_active'
            when changes.change = 'entered' and coalesce(changes.previous_status, '') <> 'active' then 'rule_change'
            when changes.change = 'left' and profiles.new_customer_id is not null then 'merged'
            when changes.change = 'left' and profiles.has_values and not profiles.is_profiled then 'customer_gone'
            when not changes.has_same_rule then 'rule_change'
            when changes.change = 'entered' and profiles.old_customer_id is not null then 'merged'
            when not (profiles.has_values and profiles.has_previous_values) then 'unknown'
            else 'condition'
        end as reason_kind,
        coalesce(changes.previous_status, '') <> 'active' as has_become_active

    from changes
    inner join profiles
        on
            changes.as_of_date = profiles.as_of_date
            and changes.customer_id = profiles.customer_id
            and changes.segment_key = profiles.segment_key

),

worded as (

    select
        as_of_date,
        customer_id,
        segment_key,
        change,
        previous_as_of_date,
        rule_version,
        is_new_customer,
        reason_kind,
        case
            when reason_kind = 'initial_load' then 'initial_load'
            when reason_kind = 'expired'
                then concat('segment expired after ', cast(expires_on as {{ dbt.type_string() }}))
            when reason_kind = 'not_active' and status = 'removed' then 'segment was removed'
            when reason_kind = 'not_active' then concat('segment became ', replace(status, '_', ' '))
            -- Without the other's id, which must not outlive its erasure; customer_id_changes names it.
            when reason_kind = 'merged' and change = 'left' then 'merged into another customer'
            when reason_kind = 'merged' then 'merged with a customer who was in it'
            when reason_kind = 'customer_gone' then 'customer no longer profiled'
            when reason_kind = 'rule_change' and has_become_active
                then concat('segment became active with rule v', cast(rule_version as {{ dbt.type_string() }}))
            when reason_kind = 'rule_change' and rule_version = previous_rule_version
                then concat('rule v', cast(rule_version as {{ dbt.type_string() }}), ' changed its meaning')
            when reason_kind = 'rule_change'
                then concat(
                        'rule changed v', cast(previous_rule_version as {{ dbt.type_string() }}),
                        ' → v', cast(rule_version as {{ dbt.type_string() }})
                    )
            when reason_kind = 'unknown'
                then concat('values of ', cast(forgotten_date as {{ dbt.type_string() }}), ' are no longer kept')
        end as reason

    from sorted

)

select * from worded
