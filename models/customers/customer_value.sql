-- Grain: one row per customer who may be profiled: expected purchases and value, or why there is no prediction.
with customers as (

    select * from {{ ref('int_profiled_customers') }}

),

covered as (

    select * from {{ ref('int_clv_customers') }}

),

value as (

    select * from {{ ref('int_customer_clv') }}

),

churn as (

    select
        customer_id,
        max(propensity) as churn_propensity

    from {{ ref('int_propensity_contributions') }}
    where model_key = 'churn'
    group by customer_id

),

joined as (

    select
        customers.customer_id,
        {{ as_of_date() }} as as_of_date,
        value.p_alive,
        value.expected_orders_90d,
        value.expected_orders_180d,
        value.expected_orders_365d,
        {{ to_cents('value.predicted_value_12m') }} as predicted_value_12m,
        {{ known_margin(to_cents('value.predicted_margin_12m'), 'to_date.cost_coverage') }} as predicted_margin_12m,
        -- Customers outside the model keep their value to date, without an expectation.
        case
            when covered.value_scope <> 'no_model'
                then {{ to_cents('coalesce(to_date.net_revenue, 0) + coalesce(value.predicted_value_12m, 0)') }}
        end as lifetime_value_total,
        churn.churn_propensity,
        value.expected_next_order_date,
        {{ to_cents('value.expected_order_value') }} as expected_order_value,
        {{ known_margin(to_cents('value.expected_order_margin'), 'to_date.cost_coverage') }} as expected_order_margin,
        {{ to_cents('value.predicted_value_12m_low') }} as predicted_value_12m_low,
        {{ to_cents('value.predicted_value_12m_high') }} as predicted_value_12m_high,
        cast(coalesce(covered.value_scope, 'no_order') as {{ dbt.type_string() }}) as value_scope,
        cast(covered.cohort as {{ dbt.type_string() }}) as value_cohort

    from customers
    left join covered
        on customers.customer_id = covered.customer_id
    left join value
        on customers.customer_id = value.customer_id
    left join churn
        on customers.customer_id = churn.customer_id
    left join {{ ref('customer_margin') }} as to_date
        on customers.customer_id = to_date.customer_id

)

select * from joined
