-- Grain: one row per build: each limit of the checks before activation as a column `<check>_<limit>`.
{%- do stop_on_seed_violations(['qa_limits']) %}
{%- set needed = seed_declarations()['qa_limits'].config.meta.needed.rows if execute else ['check, limit'] %}
with limits as (

    select
        concat_ws('', lower(trim(check_name)), '_', lower(trim(limit_name))) as limit_key,
        cast({{ decimal_number('value') }} as double) as limit_value

    from {{ ref('qa_limits') }}

),

one_row as (

    select
        {%- for row in needed %}
        max(case when limit_key = '{{ row | replace(', ', '_') }}' then limit_value end)
            as {{ row | replace(', ', '_') }},
        {%- endfor %}
        count(*) as limit_count

    from limits

)

select * from one_row
