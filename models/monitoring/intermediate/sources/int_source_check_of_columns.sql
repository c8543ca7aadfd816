-- Grain: one row per source table: whether its newest file has other columns than those before.
with limits as (

    select * from {{ ref('int_source_limits') }}

),

drift as (

    select * from {{ ref('int_source_drift') }}

),

changes as (

    select
        limits.source,
        limits.table_name,
        limits.drift_severity,
        drift.extra_column_count,
        drift.missing_column_count,
        drift.new_columns is not null or drift.vanished_columns is not null as is_changed,
        concat(
            case when drift.new_columns is not null
                    then concat('new column(s) ', drift.new_columns, ', which are not read')
                else ''
            end,
            case when drift.new_columns is not null and drift.vanished_columns is not null then '; ' else '' end,
            case when drift.vanished_columns is not null
                    then concat('column(s) ', drift.vanished_columns, ' no longer delivered')
                else ''
            end,
            ': ask the sender whether that is meant'
        ) as reason

    from limits
    left join drift
        on limits.source = drift.source and limits.table_name = drift.table_name

),

judged as (

    select
        source,
        table_name,
        'schema_drift' as check_name,
        case when is_changed then coalesce(drift_severity, 'warn') else 'ok' end as severity,
        'drift' as finding,
        cast(coalesce(extra_column_count + missing_column_count, 0) as double) as observed,
        cast(0 as double) as limit_value,
        case when is_changed then reason end as reason

    from changes

)

select * from judged
