-- Grain: one row per customer whom the churn model covers and attribute: what it adds to the log-odds of no order.
with terms as (

    {{ usable_terms(ref('churn_parameters')) }}

),

-- Persons who have not lapsed yet; for the others it is too late to foretell.
covered as (

    select
        'churn' as model_key,
        *

    from {{ ref('int_prediction_inputs') }}
    where
        customer_type = 'person'
        and days_since_last_order <= {{ var('churn_active_days') }}

),

attribute_values as (

    {{ attributes_as_rows(
        'covered', ['model_key', 'customer_id'],
        propensity_attributes(ref('churn_parameters'), prediction_input_names())
    ) }}

),

contributions as (

    {{ contributions_of('attribute_values', 'terms') }}

)

select * from contributions
