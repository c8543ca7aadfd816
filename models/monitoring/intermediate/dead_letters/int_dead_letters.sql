-- Grain: one row per dead letter: a row refused at the door, or a record and the rule that it breaks. With raw keys.
with rejects as (

    {{ rows_or_none('intake', 'rejects') }}

),

files as (

    {{ rows_or_none('intake', 'files') }}

),

rates as (

    select * from {{ ref('int_exchange_rates') }}

),

refused as (

    select
        rejects.source_name as source,
        rejects.table_name,
        rejects.record_key,
        rejects.reason,
        case coalesce(rejects.severity, 'error')
            when 'error' then 'reject'
            when 'warning' then 'warn'
            else rejects.severity
        end as severity,
        concat('door_', coalesce(rejects.rule, 'contract')) as rule_key,
        rejects.repair_hint,
        case
            when rejects.value_at_risk is not null
                then {{ in_reporting_currency(
                    'least(rejects.value_at_risk, 1000000000000)', 'coalesce(rates.rate, 1)'
                ) }}
        end as value_at_risk,
        rejects.path,
        rejects.line_number,
        rejects.load_id,
        rejects.file_id,
        cast(null as {{ dbt.type_string() }}) as version_hash,
        cast(null as {{ dbt.type_timestamp() }}) as known_at,
        cast(null as {{ dbt.type_string() }}) as column_name,
        cast(null as {{ dbt.type_string() }}) as measured,
        coalesce(rejects.delivered_at, files.delivered_at) as first_seen_at,
        coalesce(rejects.delivered_at, files.delivered_at) as last_seen_at,
        coalesce(rejects.state, 'open') as state,
        rejects.closed_at,
        rejects.closed_by,
        rejects.value_at_risk is not null and rates.rate is null as is_value_estimated,
        false as is_consequential,
        true as is_refused_at_door

    from rejects
    left join files
        on rejects.file_id = files.file_id
    left join rates
        on upper(rejects.currency) = rates.currency
            and cast(coalesce(rejects.delivered_at, files.delivered_at) as date) >= rates.valid_from
            and cast(coalesce(rejects.delivered_at, files.delivered_at) as date) < rates.valid_to

),

-- Of a record that was faulty several times, the last faulty version speaks.
faults as (

    select
        *,
        min(coalesce(delivered_at, known_at)) over (partition by source, table_name, record_key, rule_key)
            as first_seen_at,
        max(coalesce(delivered_at, known_at)) over (partition by source, table_name, record_key, rule_key)
            as last_seen_at,
        row_number() over (
            partition by source, table_name, record_key, rule_key
            order by known_at desc, delivered_at desc, version_hash
        ) as newest_rank

    from {{ ref('int_record_violations') }}

),

ruled as (

    select
        faults.source,
        faults.table_name,
        faults.record_key,
        faults.reason,
        faults.severity,
        faults.rule_key,
        faults.repair_hint,
        faults.value_at_risk,
        files.path,
        faults.line_number,
        faults.load_id,
        faults.file_id,
        faults.version_hash,
        faults.known_at,
        faults.column_name,
        faults.measured,
        faults.first_seen_at,
        faults.last_seen_at,
        case
            when faults.is_waived then 'waived'
            when faults.repaired_at is not null then 'repaired'
            else 'open'
        end as state,
        case when faults.is_waived then faults.waived_at else faults.repaired_at end as closed_at,
        case
            when faults.is_waived then concat('override ', faults.waived_by)
            when repairs.path is not null then concat('a good version in ', repairs.path)
            when faults.repaired_at is not null then 'a good version'
        end as closed_by,
        faults.is_value_estimated,
        faults.is_consequential,
        false as is_refused_at_door

    from faults
    left join files
        on faults.file_id = files.file_id
    left join files as repairs
        on faults.repaired_file_id = repairs.file_id
    where faults.newest_rank = 1

),

unioned as (

    select
        *,
        -- A record that breaks several rules stands for its money once: with the worst of those that are open.
        row_number() over (
            partition by source, table_name, record_key
            order by
                case state when 'open' then 1 else 2 end,
                case severity when 'reject' then 1 when 'quarantine' then 2 else 3 end,
                rule_key
        ) as rule_rank

    from ruled

    union all

    select
        *,
        1 as rule_rank

    from refused

),

final as (

    select
        source,
        table_name,
        record_key,
        reason,
        severity,
        rule_key,
        repair_hint,
        case when rule_rank = 1 then value_at_risk when value_at_risk is not null then cast(0 as decimal(18, 2)) end
            as value_at_risk,
        path,
        line_number,
        load_id,
        file_id,
        version_hash,
        known_at,
        column_name,
        measured,
        first_seen_at,
        last_seen_at,
        state,
        closed_at,
        closed_by,
        is_value_estimated,
        is_consequential,
        is_refused_at_door

    from unioned

)

select * from final
