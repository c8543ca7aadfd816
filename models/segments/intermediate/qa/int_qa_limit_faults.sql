-- Grain: one row per fault of the seed qa_limits: a limit that is missing, unknown, there twice or no number.
with limit_names as (
    {{ literal_rows({'check_name': dbt.type_string(), 'limit_name': dbt.type_string()}, qa_limit_names()) }}

),

wanted_limits as (

    select concat(check_name, ', ', limit_name) as row_text from limit_names

),

limits as (

    select
        concat(coalesce(lower(trim(check_name)), ''), ', ', coalesce(lower(trim(limit_name)), '')) as row_text,
        max(coalesce(trim(value), '')) as given,
        count(*) as row_count,
        max({{ decimal_number('value') }}) as number

    from {{ ref('qa_limits') }}
    group by 1

),

compared as (

    select
        coalesce(limits.row_text, wanted_limits.row_text) as row_text,
        case
            when limits.row_text is null then 'missing'
            when wanted_limits.row_text is null then 'unknown'
            when limits.row_count > 1 then 'repeated'
            when limits.number is null or limits.number < 0 then 'no_number'
        end as fault,
        limits.given,
        limits.row_count

    from wanted_limits
    full outer join limits
        on wanted_limits.row_text = limits.row_text

),

faults as (

    select
        row_text,
        case fault
            when 'missing' then 'the limit is missing'
            when 'unknown' then 'no check has this limit'
            when 'repeated' then concat('the limit stands there ', row_count, ' times')
            else concat('value is `', given, '`')
        end as reason,
        case fault
            when 'missing' then 'copy its row from the qa_limits.csv in seeds/business'
            when 'unknown' then 'correct check_name or limit_name, or delete the row'
            when 'repeated' then 'keep one row'
            else 'write a number from 0 on, such as 0.25'
        end as suggestion

    from compared
    where fault is not null

)

select * from faults
