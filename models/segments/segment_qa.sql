-- Grain: one row per segment active in the library and check before activation: the worst result over its plans.
{%- set checks = [
    'count', 'samples', 'overlap', 'recent_activity', 'margin', 'consent', 'stock', 'holdout', 'models'
] %}
with segments as (

    select * from {{ ref('int_segment_qa_segments') }}

),

results as (
    {%- for check_name in checks %}

    select
        segment_key,
        '{{ check_name }}' as check_name,
        plan_key,
        status,
        observed,
        expected,
        threshold,
        explanation

    from {{ ref('int_segment_qa_' ~ check_name) }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

ranked as (

    select
        *,
        row_number() over (
            partition by segment_key, check_name
            order by
                case status when 'fail' then 1 when 'warn' then 2 when 'pass' then 3 else 4 end,
                coalesce(plan_key, '')
        ) as severity_rank

    from results

),

-- Its members are not known, so none of the other checks apply.
not_computable as (
    {%- for check_name in checks if check_name != 'models' %}

    select
        segment_key,
        '{{ check_name }}' as check_name,
        '{{ 'fail' if check_name == 'count' else 'not_applicable' }}' as status,
        coalesce(status_reason, 'it cannot be computed') as explanation

    from segments
    where not is_computable
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

unioned as (

    select
        segment_key,
        check_name,
        status,
        observed,
        expected,
        threshold,
        explanation,
        plan_key

    from ranked
    where severity_rank = 1

    union all

    select
        segment_key,
        check_name,
        status,
        'not computable' as observed,
        'a segment that can be computed' as expected,
        'fails when it cannot' as threshold,
        explanation,
        null as plan_key

    from not_computable

),

final as (

    select
        cast(segment_key as {{ dbt.type_string() }}) as segment_key,
        cast(check_name as {{ dbt.type_string() }}) as check_name,
        cast(status as {{ dbt.type_string() }}) as status,
        cast(observed as {{ dbt.type_string() }}) as observed,
        cast(expected as {{ dbt.type_string() }}) as expected,
        cast(threshold as {{ dbt.type_string() }}) as threshold,
        cast(explanation as {{ dbt.type_string() }}) as explanation,
        cast(plan_key as {{ dbt.type_string() }}) as plan_key,
        {{ as_of_date() }} as as_of_date

    from unioned

)

select * from final
