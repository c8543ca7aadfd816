-- Grain: one row per record version and rule that it breaks, including the arithmetic of orders; with money and repair.
{%- set columns = violation_columns() | join(',\n        ') %}
with violations as (

    select
        source,
        {{ columns }},
        false as is_of_order,
        -- Money that is also on the parent is counted there.
        max(case when is_counted_with_parent then 1 else 0 end) over (
            partition by source, table_name, record_key, version_hash, known_at
        ) = 1 as is_money_elsewhere

    from {{ ref('int_rule_violations') }}

    union all

    select
        source,
        {{ columns }},
        true as is_of_order,
        false as is_money_elsewhere

    from {{ ref('int_order_violations') }}

),

-- The next version of the record that no rule holds back. The arithmetic of an order is checked on the last good
-- versions, and its violations disappear with them.
repairs as (

    select
        violations.source,
        violations.table_name,
        violations.record_key,
        violations.version_hash,
        violations.known_at,
        min(coalesce(good.delivered_at, good.known_at)) as repaired_at,
        min_by(good.file_id, (coalesce(good.delivered_at, good.known_at), good.file_id)) filter (
            where good.file_id is not null
        ) as repaired_file_id

    from violations
    inner join {{ ref('int_violated_record_versions') }} as good
        on violations.source = good.source
            and violations.table_name = good.table_name
            and violations.record_key = good.record_key
    where
        good.is_usable
        and (
            good.known_at > violations.known_at
            or (good.known_at = violations.known_at and good.delivered_at > violations.delivered_at)
        )
    group by
        violations.source, violations.table_name, violations.record_key, violations.version_hash, violations.known_at

),

waivers as (

    select
        violations.source,
        violations.table_name,
        violations.record_key,
        violations.rule_key,
        min(overrides.decided_at) as waived_at,
        min_by(overrides.override_id, (overrides.decided_at, overrides.override_id)) filter (
            where overrides.decided_at is not null
        ) as waived_by

    from violations
    inner join {{ ref('stg_overrides__record_overrides') }} as overrides
        on violations.source = overrides.source_name
            and violations.table_name = overrides.table_name
            and violations.record_key = overrides.record_key
            and (overrides.rule_key is null or violations.rule_key = overrides.rule_key)
    where overrides.action = 'waive'
    group by violations.source, violations.table_name, violations.record_key, violations.rule_key

),

final as (

    select
        violations.*,
        rules.reason,
        rules.repair_hint,
        case
            when violations.is_money_elsewhere then cast(0 as decimal(18, 2))
            -- An unknown currency is counted at a rate of 1: a figure to rank by, marked as estimated.
            else {{ in_reporting_currency('violations.amount', 'coalesce(rates.rate, 1)') }}
        end as value_at_risk,
        violations.amount is not null and rates.rate is null as is_value_estimated,
        waivers.waived_by,
        waivers.waived_at,
        case when not violations.is_of_order then repairs.repaired_at end as repaired_at,
        case when not violations.is_of_order then repairs.repaired_file_id end as repaired_file_id

    from violations
    left join {{ ref('int_validation_rules') }} as rules
        on violations.rule_key = rules.rule_key
            and coalesce(violations.rule_channel, '') = rules.channel
            and coalesce(violations.rule_account, '') = rules.account
    left join {{ ref('int_exchange_rates') }} as rates
        on violations.currency = rates.currency
            and cast(violations.known_at as date) >= rates.valid_from
            and cast(violations.known_at as date) < rates.valid_to
    left join repairs
        on violations.source = repairs.source
            and violations.table_name = repairs.table_name
            and violations.record_key = repairs.record_key
            and violations.version_hash = repairs.version_hash
            and violations.known_at = repairs.known_at
    left join waivers
        on violations.source = waivers.source
            and violations.table_name = waivers.table_name
            and violations.record_key = waivers.record_key
            and violations.rule_key = waivers.rule_key

)

select * from final
