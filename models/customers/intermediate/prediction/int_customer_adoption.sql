-- Grain: one row per adoption model and candidate: the probability of adopting within its horizon.
{%- set targets = adoption_targets() | map(attribute='model_key') | list %}
{%- set shown = var('adoption_target') or (targets | first if targets else '') %}
with scored as (

    {{ propensities_of(ref('int_adoption_contributions'), ref('adoption_parameters')) }}

),

final as (

    select
        model_key,
        customer_id,
        propensity as adoption_propensity,
        -- customer_features has room for one.
        model_key = {{ text_literal(shown) }} as is_shown_target

    from scored

)

select * from final
