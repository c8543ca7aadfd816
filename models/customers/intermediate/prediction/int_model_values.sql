-- Grain: one row per fitted model, input (or score) and customer of its population: what drift is measured on.
-- Of very many customers a sample by the hash of their id will do: shares of 20,000 are off by a third of a point.
{%- set inputs = [] %}
{%- for row in seed_rows(ref('model_reference_shares'), ['input_name']) if row.input_name not in inputs %}
    {%- if row.input_name in prediction_input_names() + ['age_band_middle', 'purchase_day_count'] %}
        {%- do inputs.append(row.input_name) %}
    {%- endif %}
{%- endfor %}
with models as (

    select
        model_key,
        {{ split_model_key('model_key') }} as model_kind

    from {{ ref('int_model_status') }}

),

ranked as (

    select
        *,
        row_number() over (order by md5(customer_id), customer_id) as drawn

    from {{ ref('int_prediction_inputs') }}
    where customer_type = 'person'

),

persons as (

    select * from ranked
    where drawn <= {{ var('model_drift_sample') }}

),

value as (

    select * from {{ ref('customer_value') }}

),

adoption as (

    select * from {{ ref('int_customer_adoption') }}

),

-- Who is scored by which model, and what it says of them.
populations as (

    select
        models.model_key,
        persons.customer_id,
        case models.model_kind
            when 'clv' then value.expected_orders_365d
            when 'churn' then value.churn_propensity
            when 'adoption' then adoption.adoption_propensity
        end as score

    from models
    cross join persons
    left join value
        on persons.customer_id = value.customer_id
    left join adoption
        on models.model_key = adoption.model_key
            and persons.customer_id = adoption.customer_id
    where
        models.model_kind in ('clv', 'clusters')
        or (models.model_kind = 'churn' and persons.days_since_last_order <= {{ var('churn_active_days') }})
        or (models.model_kind = 'adoption' and adoption.customer_id is not null)

),

input_rows as (

    {{ attributes_as_rows('persons', ['customer_id'], inputs) }}

),

input_values as (

    select
        populations.model_key,
        input_rows.attribute_name as input_name,
        populations.customer_id,
        input_rows.attribute_value as input_value

    from populations
    inner join input_rows
        on populations.customer_id = input_rows.customer_id

),

unioned as (

    select * from input_values
    union all
    select
        model_key,
        'score' as input_name,
        customer_id,
        score as input_value

    from populations

)

select * from unioned
