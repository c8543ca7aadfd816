-- Grain: one row per row refused at intake, in the columns of int_dead_letters. A view: read once.
{{ config(materialized='view') }}

with refused as (

    {{ rows_or_none('intake', 'rejects') }}

),

files as (

    {{ rows_or_none('intake', 'files') }}

),

rejects as (

    select
        refused.*,
        coalesce(refused.delivered_at, files.delivered_at) as seen_at

    from refused
    left join files
        on refused.file_id = files.file_id

),

final as (

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
        concat_ws('', 'door_', coalesce(rejects.rule, 'contract')) as rule_key,
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
        cast(null as {{ dbt.type_string() }}) as version_hash,
        cast(null as {{ dbt.type_timestamp() }}) as known_at,
        cast(null as {{ dbt.type_string() }}) as column_name,
        cast(null as {{ dbt.type_string() }}) as measured,
        rejects.seen_at as first_seen_at,
        rejects.seen_at as last_seen_at,
        coalesce(rejects.state, 'open') as state,
        rejects.closed_at,
        rejects.closed_by,
        rejects.value_at_risk is not null and rates.rate is null as is_value_estimated,
        false as is_consequential,
        true as is_refused_at_door

    from rejects
    left join {{ ref('int_exchange_rates') }} as rates
        on upper(rejects.currency) = rates.currency
            and cast(rejects.seen_at as date) >= rates.valid_from
            and cast(rejects.seen_at as date) < rates.valid_to

)

select * from final
