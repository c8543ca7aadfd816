-- Grain: one row per source table: the worst finding of its checks, all reasons in words, and what was measured.
with findings as (

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

verdicts as (

    select
        source,
        table_name,
        case max(severity_rank) when 2 then 'fail' when 1 then 'warn' else 'ok' end as severity,
        max(finding) filter (where finding_rank = 1) as finding,
        {{ ordered_text_list("case when severity_rank > 0 then reason end", 'finding_rank', '; also: ') }} as reasons,
        cast(max(observed) filter (where check_name = 'volume') as bigint) as day_rows,
        max(limit_value) filter (where check_name = 'volume') as expected_rows,
        max(observed) filter (where check_name = 'rejects') as reject_rate,
        cast(max(observed) filter (where check_name = 'failed_files') as bigint) as failed_file_count,
        max(observed) filter (where check_name = 'circuit') > 0 as has_open_circuit

    from findings
    group by source, table_name

)

select * from verdicts
