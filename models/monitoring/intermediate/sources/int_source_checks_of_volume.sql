-- Grain: one row per source table: whether as_of_date brought as many rows as usual for the weekday.
with limits as (

    select * from {{ ref('int_source_limits') }}

),

expected as (

    select * from {{ ref('int_source_volume_expected') }}

),

volume_severities as (

    select
        limits.source,
        limits.table_name,
        expected.day_rows,
        expected.expected_rows,
        case
            when expected.expected_rows is null or expected.weeks_with_rows < limits.volume_min_weeks then 'short'
            when expected.expected_rows < limits.volume_min_rows then 'rare'
            -- No rows at all on a weekday that always had some is the worst case, however much their number varied.
            when expected.day_rows = 0 and expected.least_rows > 0 then 'fail'
            when abs(expected.deviation) < limits.volume_deviation then 'ok'
            when expected.day_rows < limits.volume_fail_share * expected.expected_rows then 'fail'
            when expected.day_rows < limits.volume_warn_share * expected.expected_rows then 'warn'
            when expected.day_rows > limits.volume_high_share * expected.expected_rows then 'high'
            else 'ok'
        end as outcome

    from limits
    left join expected
        on limits.source = expected.source and limits.table_name = expected.table_name

),

volume_check as (

    select
        source,
        table_name,
        'volume' as check_name,
        case when outcome in ('short', 'rare') then 'not_judged' when outcome = 'high' then 'warn' else outcome end
            as severity,
        case when outcome = 'high' then 'high_volume' else 'low_volume' end as finding,
        cast(day_rows as double) as observed,
        cast(expected_rows as double) as limit_value,
        case
            when outcome = 'short' then 'too little history to check the volume'
            when outcome = 'rare' then 'too few rows a day to check the volume'
            when outcome = 'high'
                then concat_ws(
                        '', cast(cast(day_rows as bigint) as {{ dbt.type_string() }}),
                        ' rows became known that day; the weekday',
                        ' usually brings ', cast(cast(round(expected_rows) as bigint) as {{ dbt.type_string() }}),
                        '; look for a repeated or wrong delivery'
                    )
            when outcome in ('warn', 'fail') then concat_ws(
                    '', cast(cast(day_rows as bigint) as {{ dbt.type_string() }}),
                    ' rows became known that day; the weekday',
                    ' usually brings ', cast(cast(round(expected_rows) as bigint) as {{ dbt.type_string() }}),
                    '; ask the sender for what is missing'
                )
        end as reason

    from volume_severities

)

select * from volume_check
