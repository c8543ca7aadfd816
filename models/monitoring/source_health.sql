-- Grain: one row per source table: how much of it was known by the end of as_of_date, how fresh it is, what is wrong.
with freshness as (

    select * from {{ ref('int_source_freshness') }}

),

findings as (

    select
        *,
        case severity when 'fail' then 2 when 'warn' then 1 else 0 end as severity_rank,
        -- Worst first; of equals, what causes the others.
        row_number() over (
            partition by source, table_name
            order by
                case severity when 'fail' then 0 when 'warn' then 1 else 2 end,
                case check_name
                    when 'failed_files' then 1
                    when 'circuit' then 2
                    when 'freshness' then 3
                    when 'volume' then 4
                    when 'rejects' then 5
                    when 'schema_drift' then 6
                    else 7
                end
        ) as finding_rank

    from {{ ref('source_checks') }}

),

-- The worst finding of a table's checks, all reasons in words, and what was measured.
summarised as (

    select
        source,
        table_name,
        case max(severity_rank) when 2 then 'fail' when 1 then 'warn' else 'ok' end as severity,
        max(finding) filter (where finding_rank = 1) as finding,
        {{ ordered_text_list("case when severity_rank > 0 then reason end", 'finding_rank', '; also: ') }} as reasons,
        cast(round(max(observed) filter (where check_name = 'volume')) as bigint) as day_rows,
        max(limit_value) filter (where check_name = 'volume') as expected_rows,
        max(observed) filter (where check_name = 'rejects') as reject_rate,
        cast(round(max(observed) filter (where check_name = 'failed_files')) as bigint) as failed_file_count,
        max(observed) filter (where check_name = 'circuit') > 0 as has_open_circuit

    from findings
    group by source, table_name

),

joined as (

    select
        freshness.source,
        freshness.table_name,

        freshness.row_count,
        freshness.age_hours,
        freshness.sla_hours,

        freshness.is_on,
        case
            when not freshness.is_on then 'off'
            when summarised.finding is not null then summarised.finding
            when freshness.row_count = 0 then 'empty'
            else 'fresh'
        end as status,

        freshness.last_known_at,

        summarised.severity,
        case
            when not freshness.is_on then 'the source is switched off'
            when summarised.reasons is not null then summarised.reasons
            when freshness.row_count = 0 then 'nothing has ever been delivered; fine if the retailer has no such data'
        end as status_reason,
        freshness.source_age_hours,
        freshness.last_delivered_at,
        summarised.day_rows,
        summarised.expected_rows,
        rejects.landed_rows as recent_landed_rows,
        rejects.open_rejected_rows as recent_rejected_rows,
        summarised.reject_rate,
        cast(coalesce(drift.extra_column_count, 0) as bigint) as extra_column_count,
        cast(coalesce(drift.missing_column_count, 0) as bigint) as missing_column_count,
        drift.new_columns,
        drift.vanished_columns,
        summarised.failed_file_count,
        summarised.has_open_circuit,
        freshness.event_lag_median_hours,
        freshness.event_lag_p95_hours,
        freshness.delivery_lag_median_hours,
        freshness.delivery_lag_p95_hours,
        {{ as_of_date() }} as as_of_date

    from freshness
    inner join summarised
        on freshness.source = summarised.source and freshness.table_name = summarised.table_name
    left join {{ ref('int_source_rejects') }} as rejects
        on freshness.source = rejects.source and freshness.table_name = rejects.table_name
    left join {{ ref('int_source_drift') }} as drift
        on freshness.source = drift.source and freshness.table_name = drift.table_name

)

select * from joined
