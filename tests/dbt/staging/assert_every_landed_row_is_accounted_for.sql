-- One row per landed file whose rows are not all accepted, duplicate, refused or erased, or not all kept as recorded.
with files as (

    {{ rows_or_none('intake', 'files') }}

),

rejects as (

    {{ rows_or_none('intake', 'rejects') }}

),

stored as (

    {{ stored_rows_by_file() }}

),

rejected_by_file as (

    select
        file_id,
        count(*) as kept_rows

    from rejects
    group by file_id

),

joined as (

    select
        files.file_id,
        files.path,
        files.landed_rows,
        files.accepted_rows,
        files.duplicate_rows,
        files.rejected_rows,
        coalesce(files.erased_rows, 0) as erased_rows,
        coalesce(stored.stored_rows, 0) as stored_rows,
        coalesce(rejected_by_file.kept_rows, 0) as kept_rows

    from files
    left join stored
        on files.file_id = stored.file_id
    left join rejected_by_file
        on files.file_id = rejected_by_file.file_id
    where files.status = 'loaded'

),

unaccounted as (

    select * from joined
    where
        landed_rows <> accepted_rows + duplicate_rows + rejected_rows + erased_rows
        or accepted_rows <> stored_rows
        or rejected_rows <> kept_rows

)

select * from unaccounted
