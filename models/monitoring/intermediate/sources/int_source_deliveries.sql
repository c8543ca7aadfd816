-- Grain: one row per landed file that counts for as_of_date: its rows, what was refused, and whether it is missing.
with files as (

    {{ rows_or_none('intake', 'files') }}

),

rejects as (

    {{ rows_or_none('intake', 'rejects') }}

),

open_rejects as (

    select
        file_id,
        count(*) as open_rows

    from rejects
    where coalesce(state, 'open') = 'open' and coalesce(severity, 'error') <> 'warning'
    group by file_id

),

newest_loads as (

    select
        path,
        max(file_id) as file_id

    from files
    where status = 'loaded'
    group by path

),

deliveries as (

    select
        files.file_id,
        files.source_name as source,
        files.table_name,
        files.path,
        files.reason,
        files.landed_rows,
        files.rejected_rows,
        coalesce(open_rejects.open_rows, 0) as open_rejected_rows,
        files.status = 'loaded' as is_loaded,
        -- A file that could not be read is fixed by delivering it again under its name.
        files.status <> 'loaded' and coalesce(newest_loads.file_id < files.file_id, true) as is_missing,
        files.delivered_at

    from files
    left join open_rejects
        on files.file_id = open_rejects.file_id
    left join newest_loads
        on files.path = newest_loads.path
    where files.delivered_at < {{ deliveries_end() }}

)

select * from deliveries
