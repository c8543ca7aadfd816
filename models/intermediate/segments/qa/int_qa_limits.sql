-- Grain: one row: every limit of the checks before activation as a column `<check>_<limit>`.
-- depends_on: {{ ref('int_qa_rule_errors') }}
{%- do stop_on_rule_errors(
    ref('int_qa_rule_errors'), 'campaign plans and qa_rule limits have {count} fault(s); nothing is judged until they are mended'
) %}
with limits as (

    select
        lower(trim(check_name)) as check_name,
        lower(trim(limit_name)) as limit_name,
        cast({{ decimal_number('value') }} as double) as limit_value

    from {{ ref('qa_limits') }}

),

one_row as (

    select
        {%- for check_name, names in qa_limit_names().items() %}
        {%- set last_check = loop.last %}
        {%- for name in names %}
        max(case when check_name = '{{ check_name }}' and limit_name = '{{ name }}' then limit_value end)
            as {{ check_name ~ '_' ~ name }}{{ ',' if not (last_check and loop.last) }}
        {%- endfor %}
        {%- endfor %}

    from limits

)

select * from one_row
