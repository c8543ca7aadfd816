-- Grain: one row per adoption model and candidate: the probability of adopting within its horizon.
with shown as (

    select min(model_key) as model_key from {{ ref('adoption_parameters') }}
    {%- if var('adoption_target') is not none %}
    where model_key = {{ text_literal(var('adoption_target')) }}
    {%- endif %}

),

final as (

    select
        contributions.model_key,
        contributions.customer_id,
        max(contributions.propensity) as adoption_propensity,
        -- customer_features shows one target: the configured one, or else the first.
        contributions.model_key = max(shown.model_key) as is_shown_target

    from {{ ref('int_propensity_contributions') }} as contributions
    cross join shown
    where contributions.model_key <> 'churn'
    group by contributions.model_key, contributions.customer_id

)

select * from final
