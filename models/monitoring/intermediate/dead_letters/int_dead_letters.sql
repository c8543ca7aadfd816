-- Grain: one row per dead letter: a row refused at intake, or a record and the rule that it breaks. With raw keys.
with files as (

    {{ rows_or_none('intake', 'files') }}

),

-- Where several versions of a record break a rule, the last of them is reported.
versions as (

    select
        *,
        min(coalesce(delivered_at, known_at)) over (partition by source, table_name, record_key, rule_key)
            as first_seen_at,
        max(coalesce(delivered_at, known_at)) over (partition by source, table_name, record_key, rule_key)
            as last_seen_at,
        case when is_waived then 'waived' when repaired_at is not null then 'repaired' else 'open' end as state,
        row_number() over (
            partition by source, table_name, record_key, rule_key
            order by known_at desc, delivered_at desc, version_hash nulls last
        ) as newest_rank

    from {{ ref('int_record_violations') }}

),

-- The money of a record that breaks several rules counts once: with the worst of those that are open.
ranked as (

    select
        *,
        row_number() over (
            partition by source, table_name, record_key
            order by
                case state when 'open' then 1 else 2 end,
                case severity when 'reject' then 1 when 'quarantine' then 2 else 3 end,
                rule_key
        ) as rule_rank

    from versions
    where newest_rank = 1

),

letters as (

    select
        ranked.source,
        ranked.table_name,
        ranked.record_key,
        ranked.reason,
        ranked.severity,
        ranked.rule_key,
        ranked.repair_hint,
        case
            when ranked.rule_rank = 1 then ranked.value_at_risk
            when ranked.value_at_risk is not null then cast(0 as decimal(18, 2))
        end as value_at_risk,
        files.path,
        ranked.line_number,
        ranked.load_id,
        ranked.version_hash,
        ranked.known_at,
        ranked.column_name,
        ranked.measured,
        ranked.first_seen_at,
        ranked.last_seen_at,
        ranked.state,
        case when ranked.is_waived then ranked.waived_at else ranked.repaired_at end as closed_at,
        case
            when ranked.is_waived then concat_ws('', 'override ', ranked.waived_by)
            when repairs.path is not null then concat_ws('', 'a good version in ', repairs.path)
            when ranked.repaired_at is not null then 'a good version'
        end as closed_by,
        ranked.is_value_estimated,
        ranked.is_consequential,
        false as is_refused_at_door

    from ranked
    left join files
        on ranked.file_id = files.file_id
    left join files as repairs
        on ranked.repaired_file_id = repairs.file_id

    union all

    select * from {{ ref('int_refused_rows') }}

)

select * from letters
