-- Grain: one row per refused row of a landed file. Says what it was and why, never what stood in it.
with rejects as (

    {{ rows_or_none('intake', 'rejects') }}

),

files as (

    {{ rows_or_none('intake', 'files') }}

),

dead_letters as (

    select
        rejects.source_name as source,
        case when rejects.record_key is not null then {{ keyed_hash('rejects.record_key') }} end as record_key,
        rejects.reason,
        coalesce(rejects.severity, 'error') as severity,
        cast(rejects.value_at_risk as decimal(18, 2)) as value_at_risk,
        rejects.table_name,
        rejects.path,
        rejects.line_number,
        rejects.load_id,
        files.delivered_at as first_seen_at

    from rejects
    left join files
        on rejects.file_id = files.file_id

)

select * from dead_letters
