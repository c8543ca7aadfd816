-- Grain: one row per customer of the spine: what fitted models say; null where no model covers the customer.
with spine as (

    select customer_id from {{ ref('int_customer_spine') }}

),

value as (

    select * from {{ ref('customer_value') }}

),

adoption as (

    select * from {{ ref('int_customer_adoption') }}
    where is_shown_target

),

joined as (

    select
        spine.customer_id,
        value.p_alive,
        value.expected_orders_365d,
        value.predicted_value_12m,
        value.lifetime_value_total,
        value.predicted_margin_12m,
        value.churn_propensity,
        adoption.adoption_propensity

    from spine
    left join value
        on spine.customer_id = value.customer_id
    left join adoption
        on spine.customer_id = adoption.customer_id

)

select * from joined
