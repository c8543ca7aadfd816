-- Grain: one row per dead letter, most money first. What it is and why, never its values.
with letters as (

    select * from {{ ref('int_dead_letters') }}

),

final as (

    select
        source,
        case when record_key is not null then {{ keyed_hash('record_key') }} end as record_key,
        reason,
        severity,
        value_at_risk,
        table_name,
        rule_key,
        repair_hint,
        path,
        line_number,
        load_id,
        first_seen_at,
        last_seen_at,
        state,
        closed_at,
        closed_by,
        is_value_estimated,
        is_consequential,
        severity in ('reject', 'quarantine') and state = 'open' as is_held,
        cast(row_number() over (
            order by
                case when severity in ('reject', 'quarantine') and state = 'open' then 1 else 2 end,
                value_at_risk desc nulls last,
                source,
                table_name,
                rule_key,
                path nulls last,
                line_number nulls last,
                record_key nulls last
        ) as bigint) as money_rank

    from letters

)

select * from final
