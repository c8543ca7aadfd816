-- Grain: one row per customer of the spine: what fitted models say; null for as long as no parameters are there.
{{ config(materialized='view') }}
select
    customer_id,
    cast(null as decimal(18, 2)) as lifetime_value_total,
    cast(null as decimal(18, 2)) as predicted_margin_12m,
    cast(null as double) as churn_propensity,
    cast(null as double) as adoption_propensity

from {{ ref('int_customer_spine') }}
