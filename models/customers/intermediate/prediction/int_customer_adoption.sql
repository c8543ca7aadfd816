-- Grain: one row per adoption model and candidate: the probability of adopting within its horizon, or the rank.
with contributions as (

    select * from {{ ref('int_propensity_contributions') }}
    where model_key <> 'churn'

),

-- customer_features shows one target: the configured one, or else the first that may be used.
shown as (

    select min(model_key) as model_key from contributions
    {%- if var('adoption_target') is not none %}
    where model_key = {{ text_literal(var('adoption_target')) }}
    {%- endif %}

),

final as (

    select
        contributions.model_key,
        contributions.customer_id,
        max(contributions.propensity) as adoption_propensity,
        bool_or(contributions.is_ranking_only) as is_ranking_only,
        contributions.model_key = max(shown.model_key) as is_shown_target

    from contributions
    cross join shown
    group by contributions.model_key, contributions.customer_id

)

select * from final
