-- Grain: one row per source table with deliveries: how the columns of its newest file differ from those before.
with deliveries as (

    select * from {{ ref('int_source_deliveries') }}
    where is_loaded

),

-- Columns in which the newest version of a landed file differs from the contract.
drift as (

    {{ rows_or_none('intake', 'schema_drift') }}

),

ordered as (

    select
        source,
        table_name,
        path,
        row_number() over (partition by source, table_name order by delivered_at desc, file_id desc) = 1 as is_newest,
        count(*) over (partition by source, table_name) as file_count

    from deliveries

),

-- One row per column in which the newest file differs from the contract, with the number of earlier files that did so.
differences as (

    select
        newest.source,
        newest.table_name,
        newest_drift.column_name,
        newest_drift.drift,
        newest.file_count - 1 as earlier_files,
        count(distinct earlier.path) as earlier_with_it

    from ordered as newest
    inner join drift as newest_drift
        on newest.path = newest_drift.path
    left join drift as earlier_drift
        on newest.source = earlier_drift.source_name
            and newest.table_name = earlier_drift.table_name
            and newest_drift.column_name = earlier_drift.column_name
            and newest_drift.drift = earlier_drift.drift
            and newest.path <> earlier_drift.path
    left join ordered as earlier
        on earlier_drift.path = earlier.path
    where newest.is_newest
    group by newest.source, newest.table_name, newest_drift.column_name, newest_drift.drift, newest.file_count

),

per_table as (

    select
        source,
        table_name,
        count(*) filter (where drift = 'extra') as extra_column_count,
        count(*) filter (where drift = 'missing_optional') as missing_column_count,
        {{ sorted_text_list("case when drift = 'extra' and earlier_with_it = 0 then column_name end") }}
            as new_columns,
    -- An optional column that was never delivered is not drift.
        {{ sorted_text_list(
            "case when drift = 'missing_optional' and earlier_with_it = 0 and earlier_files > 0 then column_name end"
        ) }} as vanished_columns

    from differences
    group by source, table_name

)

select * from per_table
