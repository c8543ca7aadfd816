-- Grain: one row per source table and check: what was found, compared with which limit, and how severe it is.
with limits as (

    select * from {{ ref('int_source_limits') }}

),

drift as (

    select * from {{ ref('int_source_drift') }}

),

-- Whether a table's newest file has other columns than those before.
changes as (

    select
        limits.source,
        limits.table_name,
        limits.drift_severity,
        drift.extra_column_count,
        drift.missing_column_count,
        drift.new_columns is not null or drift.vanished_columns is not null as is_changed,
        concat_ws(
            '',
            case when drift.new_columns is not null
                    then concat_ws('', 'new column(s) ', drift.new_columns, ', which are not read')
                else ''
            end,
            case when drift.new_columns is not null and drift.vanished_columns is not null then '; ' else '' end,
            case when drift.vanished_columns is not null
                    then concat_ws('', 'column(s) ', drift.vanished_columns, ' no longer delivered')
                else ''
            end,
            ': ask the sender whether that is intended'
        ) as reason

    from limits
    left join drift
        on limits.source = drift.source and limits.table_name = drift.table_name

),

drift_check as (

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

),

checks as (

    select * from {{ ref('int_source_checks_of_time') }}
    union all
    select * from {{ ref('int_source_checks_of_volume') }}
    union all
    select * from {{ ref('int_source_checks_of_deliveries') }}
    union all
    select * from drift_check

),

-- A source that is switched off is not checked: nothing relies on it.
checked as (

    select
        checks.source,
        checks.table_name,
        checks.check_name,
        case when limits.is_on then checks.severity else 'not_judged' end as severity,
        case when limits.is_on and checks.severity in ('warn', 'fail') then checks.finding end as finding,
        case when limits.is_on then checks.reason else 'the source is switched off' end as reason,
        checks.observed,
        checks.limit_value,
        {{ as_of_date() }} as as_of_date

    from checks
    inner join limits
        on checks.source = limits.source and checks.table_name = limits.table_name

)

select * from checked
