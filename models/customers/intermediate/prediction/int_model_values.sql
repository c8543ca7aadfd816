-- Grain: one row per fitted model, input (or score) and customer of its population: what drift is measured on.
-- For very many customers a sample by hash of their id suffices: shares among 20,000 are within a third of a percentage
-- point. A view: read once, so storing it would gain nothing.
{{ config(materialized='view') }}

with models as (

    select
        model_key,
        {{ split_model_key('model_key') }} as model_kind

    from {{ ref('int_model_status') }}

),

ranked as (

    select
        *,
        row_number() over (order by md5(customer_id), customer_id) as sample_rank

    from {{ ref('int_prediction_inputs') }}
    where customer_type = 'person'

),

people as (

    select * from ranked
    where sample_rank <= {{ var('model_drift_sample') }}

),

-- The customers that each model scores, with their scores.
populations as (

    select
        models.model_key,
        people.customer_id,
        case models.model_kind
            when 'clv' then value.expected_orders_365d
            when 'churn' then value.churn_propensity
            when 'adoption' then adoption.adoption_propensity
        end as score

    from models
    cross join people
    left join {{ ref('customer_value') }} as value
        on people.customer_id = value.customer_id
    left join {{ ref('int_customer_adoption') }} as adoption
        on models.model_key = adoption.model_key
            and people.customer_id = adoption.customer_id
    where
        models.model_kind in ('clv', 'clusters')
        or (models.model_kind = 'churn' and people.days_since_last_order <= {{ var('churn_active_days') }})
        or (models.model_kind = 'adoption' and adoption.customer_id is not null)

),

inputs as (

    select distinct
        model_key,
        input_name

    from {{ ref('model_reference_shares') }}
    where input_name in ({{ literal_list(['score'] + prediction_input_names()) }})

),

input_values as (

    select
        populations.model_key,
        inputs.input_name,
        populations.customer_id,
        case inputs.input_name
            when 'score' then populations.score
            else {{ prediction_input_value('inputs.input_name', 'people') }}
        end as input_value

    from populations
    inner join inputs
        on populations.model_key = inputs.model_key
    inner join people
        on populations.customer_id = people.customer_id

)

select * from input_values
