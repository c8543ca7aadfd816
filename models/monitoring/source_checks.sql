-- Grain: one row per source table and check: what was found, against which limit, and how bad it is.
with checks as (

    select * from {{ ref('int_source_checks_of_time') }}
    union all
    select * from {{ ref('int_source_checks_of_volume') }}
    union all
    select * from {{ ref('int_source_checks_of_deliveries') }}
    union all
    select * from {{ ref('int_source_check_of_columns') }}

),

limits as (

    select * from {{ ref('int_source_limits') }}

),

-- A source that is switched off is not judged: nobody relies on it.
judged as (

    select
        checks.source,
        checks.table_name,
        checks.check_name,
        case when limits.is_on then checks.severity else 'not_judged' end as severity,
        case when limits.is_on and checks.severity in ('warn', 'fail') then checks.finding end as finding,
        case when limits.is_on then checks.reason else 'the source is switched off' end as reason,
        checks.observed,
        checks.limit_value,
        {{ as_of_date() }} as as_of_date

    from checks
    inner join limits
        on checks.source = limits.source and checks.table_name = limits.table_name

)

select * from judged
