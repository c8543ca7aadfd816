-- Grain: one row per segment and day on which a source of its rule had an outage or brought old rows: the worst.
with faults as (

    select * from {{ ref('int_source_day_faults') }}

),

rule_sources as (

    select * from {{ ref('int_segment_rule_sources') }}

),

ranked as (

    select
        rule_sources.segment_key,
        faults.day as as_of_date,
        faults.fault,
        faults.source,
        faults.table_name,
        faults.row_count,
        faults.usual_rows,
        faults.late_row_count,
        rule_sources.attribute,
        row_number() over (
            partition by rule_sources.segment_key, faults.day
            order by
                case faults.fault when 'outage' then 1 else 2 end,
                greatest(faults.usual_rows - faults.row_count, faults.late_row_count) desc,
                faults.source,
                faults.table_name
        ) as fault_rank

    from faults
    inner join rule_sources
        on faults.source = rule_sources.source

),

worst as (

    select
        segment_key,
        as_of_date,
        fault,
        concat(
            source, '.', table_name,
            case
                when fault = 'outage'
                    then concat(
                            ' brought ', cast(row_count as {{ dbt.type_string() }}), ' rows that day, the weekday',
                            ' usually brings ', cast(cast(usual_rows as bigint) as {{ dbt.type_string() }})
                        )
                else concat(
                        ' brought ', cast(late_row_count as {{ dbt.type_string() }}),
                        ' rows that day that had happened two days or more before'
                    )
            end,
            '; the rule reads ', attribute
        ) as fault_text

    from ranked
    where fault_rank = 1

)

select * from worst
