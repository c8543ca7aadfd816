-- Grain: one row per build: every limit of the checks before activation as a column `<check>_<limit>`.
-- depends_on: {{ ref('int_qa_rule_errors') }}
{%- do stop_on_rule_errors(
    ref('int_qa_rule_errors'), 'campaign plans and qa_rule limits have {count} fault(s); nothing is judged until they are mended'
) %}
with limits as (

    select
        concat(lower(trim(check_name)), '_', lower(trim(limit_name))) as limit_key,
        cast({{ decimal_number('value') }} as double) as limit_value

    from {{ ref('qa_limits') }}

),

one_row as (

    select
        {%- for limit in qa_limit_names() %}
        max(case when limit_key = '{{ limit.check_name ~ '_' ~ limit.limit_name }}' then limit_value end)
            as {{ limit.check_name ~ '_' ~ limit.limit_name }},
        {%- endfor %}
        count(*) as limit_count

    from limits

)

select * from one_row
