-- Grain: one row per source table and check of its files: unread files, open circuit, refused rows.
with limits as (

    select * from {{ ref('int_source_limits') }}

),

missing as (

    select
        source,
        table_name,
        count(*) as file_count,
        max(path) as path,
        max_by(coalesce(reason, 'deliver it again'), (path, coalesce(reason, 'deliver it again'))) filter (
            where path is not null
        ) as reason

    from {{ ref('int_source_deliveries') }}
    where is_missing
    group by source, table_name

),

circuits as (

    {{ rows_or_none('intake', 'circuits') }}

),

-- Sources that the latest load has abandoned.
open_circuits as (

    select
        source_name as source,
        max(failures) as failures,
        max(reason) as reason

    from circuits
    group by source_name

),

checks as (

    select
        limits.source,
        limits.table_name,
        'failed_files' as check_name,
        case when missing.file_count > 0 then 'fail' else 'ok' end as severity,
        'failed' as finding,
        cast(coalesce(missing.file_count, 0) as double) as observed,
        cast(0 as double) as limit_value,
        case
            when missing.file_count > 0
                then concat_ws(
                        '', missing.file_count, ' file(s) could not be read, such as ', missing.path, ': ',
                        missing.reason
                    )
        end as reason

    from limits
    left join missing
        on limits.source = missing.source and limits.table_name = missing.table_name

    union all

    select
        limits.source,
        limits.table_name,
        'circuit' as check_name,
        case when open_circuits.source is not null then 'fail' else 'ok' end as severity,
        'failed' as finding,
        cast(coalesce(open_circuits.failures, 0) as double) as observed,
        cast(0 as double) as limit_value,
        case
            when open_circuits.source is not null
                then concat_ws(
                        '', 'the load abandoned ', limits.source, ': ',
                        coalesce(open_circuits.reason, 'too many failures in a row'),
                        '; fix the cause and run intake again'
                    )
        end as reason

    from limits
    left join open_circuits
        on limits.source = open_circuits.source

    union all

    select
        limits.source,
        limits.table_name,
        'rejects' as check_name,
        case
            when rejects.reject_rate is null then 'not_judged'
            when rejects.reject_rate > limits.reject_fail_rate
                and rejects.open_rejected_rows >= limits.reject_min_rows then 'fail'
            when rejects.reject_rate > limits.reject_warn_rate then 'warn'
            else 'ok'
        end as severity,
        'rejects' as finding,
        rejects.reject_rate as observed,
        cast(limits.reject_warn_rate as double) as limit_value,
        case
            when rejects.reject_rate is null then 'no file to check'
            when rejects.reject_rate > limits.reject_warn_rate
                then concat_ws(
                        '', rejects.open_rejected_rows, ' of ', rejects.landed_rows,
                        ' recently delivered rows are refused and still open; see dead_letters for the reasons'
                    )
        end as reason

    from limits
    left join {{ ref('int_source_rejects') }} as rejects
        on limits.source = rejects.source and limits.table_name = rejects.table_name

)

select * from checks
