-- Grain: one row per adoption model, candidate and attribute: what it adds to the log-odds of adopting.
with terms as (

    {{ usable_terms(ref('adoption_parameters')) }}

),

candidates as (

    select * from {{ ref('int_adoption_candidates') }}

),

attribute_values as (

    {{ attributes_as_rows(
        'candidates', ['model_key', 'customer_id'],
        propensity_attributes(ref('adoption_parameters'), adoption_input_names())
    ) }}

),

contributions as (

    {{ contributions_of('attribute_values', 'terms') }}

)

select * from contributions
