-- Grain: one row per fitted model and check: whether it can be relied on today, and if not, why.
with models as (

    select * from {{ ref('int_model_status') }}

),

drift as (

    select * from {{ ref('model_drift') }}

),

data_checks as (

    select
        model_key,
        'data' as check_name,
        -- A model that its own evidence does not support scores no customer, so it cannot mislead. That there are no
        -- clusters is a finding, not a failure.
        case
            when status = 'other_data' then 'red'
            when status = 'usable' and doubt is null or model_key = 'clusters' then 'green'
            else 'yellow'
        end as status,
        cast(null as double) as observed,
        coalesce(reason, doubt, 'fitted on these data') as reason

    from models

),

review_checks as (

    select
        model_key,
        'review_date' as check_name,
        case
            when {{ as_of_date() }} <= review_date then 'green'
            when {{ days_between('review_date', as_of_date()) }} <= {{ var('model_review_grace_days') }} then 'yellow'
            else 'red'
        end as status,
        cast({{ days_between('review_date', as_of_date()) }} as double) as observed,
        concat_ws(
            '',
            case when {{ as_of_date() }} <= review_date then 'review due on ' else 'review was due on ' end,
            cast(review_date as {{ dbt.type_string() }}), '; fitted on ',
            cast(fitted_date as {{ dbt.type_string() }})
        ) as reason

    from models

),

-- The worst input decides, and its name is reported.
worst as (

    select
        model_key,
        case when input_name = 'score' then 'score_drift' else 'input_drift' end as check_name,
        max(stability_index) as observed,
        max_by(input_name, (stability_index, input_name)) filter (where stability_index is not null) as input_name,
        max(case status when 'red' then 3 when 'yellow' then 2 when 'green' then 1 else 0 end) as severity

    from drift
    group by model_key, case when input_name = 'score' then 'score_drift' else 'input_drift' end

),

drift_checks as (

    select
        model_key,
        check_name,
        case severity when 3 then 'red' when 2 then 'yellow' else 'green' end as status,
        observed,
        case
            when severity = 0 then 'too few customers to measure drift'
            when check_name = 'score_drift'
                then 'distribution of the scores compared with the fit, population stability index'
            else concat_ws('', input_name, ' has drifted most since the fit, population stability index')
        end as reason

    from worst

),

unioned as (

    select * from data_checks
    union all
    select * from review_checks
    union all
    select * from drift_checks

),

final as (

    select
        cast(model_key as {{ dbt.type_string() }}) as model_key,
        {{ as_of_date() }} as as_of_date,
        cast(check_name as {{ dbt.type_string() }}) as check_name,
        cast(status as {{ dbt.type_string() }}) as status,
        observed,
        cast(reason as {{ dbt.type_string() }}) as reason

    from unioned

)

select * from final
