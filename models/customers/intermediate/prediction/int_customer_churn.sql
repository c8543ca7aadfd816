-- Grain: one row per customer whom the churn model covers: the probability of no order within its horizon.
with scored as (

    {{ propensities_of(ref('int_churn_contributions'), ref('churn_parameters')) }}

),

final as (

    select
        customer_id,
        propensity as churn_propensity

    from scored

)

select * from final
