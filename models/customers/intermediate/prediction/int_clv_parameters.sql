-- Grain: one row per cohort of the fitted purchase and spend models, a column per parameter; empty unless usable.
{%- set parameters = [
    ['bg_nbd', 'r'], ['bg_nbd', 'alpha'], ['bg_nbd', 'a'], ['bg_nbd', 'b'],
    ['spend_revenue', 'p'], ['spend_revenue', 'q'], ['spend_revenue', 'v'],
    ['spend_margin', 'p'], ['spend_margin', 'q'], ['spend_margin', 'v'],
    ['scope', 'contribution_ratio'], ['scope', 'highest_purchase_rate'], ['scope', 'highest_purchase_value']
] %}
with parameters as (

    select parameters.*
    from {{ ref('clv_parameters') }} as parameters
    inner join {{ ref('int_model_status') }} as models
        on parameters.model_key = models.model_key
            and parameters.fit_id = models.fit_id
    where models.status = 'usable'

),

by_cohort as (

    select
        {% for part, parameter in parameters %}
        max(case when part = '{{ part }}' and parameter = '{{ parameter }}' then cast(estimate as double) end)
            as {{ part }}_{{ parameter }},
        {% endfor %}
        -- Without this parameter the model is BG/NBD.
        coalesce(
            max(case when part = 'bg_nbd' and parameter = 'leaves_after_first' then cast(estimate as double) end), 0
        ) as bg_nbd_leaves_after_first,
        cast(cohort_by as {{ dbt.type_string() }}) as cohort_by,
        cast(cohort as {{ dbt.type_string() }}) as cohort

    from parameters
    group by cohort_by, cohort

)

select * from by_cohort
