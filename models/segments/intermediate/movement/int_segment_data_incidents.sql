-- Grain: one row per segment and day on which a source of its rule had an outage or delivered old rows: the worst one.
with incidents as (

    select * from {{ ref('int_source_day_incidents') }}

),

rule_sources as (

    select * from {{ ref('int_segment_rule_sources') }}

),

ranked as (

    select
        rule_sources.segment_key,
        incidents.day as as_of_date,
        incidents.fault as incident,
        incidents.source,
        incidents.table_name,
        incidents.row_count,
        incidents.usual_rows,
        incidents.late_row_count,
        rule_sources.attribute,
        row_number() over (
            partition by rule_sources.segment_key, incidents.day
            order by
                case incidents.fault when 'outage' then 1 else 2 end,
                greatest(incidents.usual_rows - incidents.row_count, incidents.late_row_count) desc,
                incidents.source,
                incidents.table_name
        ) as incident_rank

    from incidents
    inner join rule_sources
        on incidents.source = rule_sources.source

),

worst as (

    select
        segment_key,
        as_of_date,
        incident,
        concat_ws(
            '', source, '.', table_name,
            case
                when incident = 'outage'
                    then concat_ws(
                            '', ' delivered ', cast(row_count as {{ dbt.type_string() }}), ' rows that day,',
                            ' where this weekday usually brings ',
                            cast(cast(round(usual_rows) as bigint) as {{ dbt.type_string() }})
                        )
                else concat_ws(
                        '', ' delivered ', cast(late_row_count as {{ dbt.type_string() }}),
                        ' rows that day that were two or more days old'
                    )
            end,
            '; the rule reads ', attribute
        ) as incident_text

    from ranked
    where incident_rank = 1

)

select * from worst
