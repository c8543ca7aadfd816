-- Grain: one row per customer whose purchases train the category models: people who may be profiled. Wholesalers,
-- staff, tests and relay addresses of marketplaces buy differently, and a relay address is seldom one person.
{{ config(materialized='view') }}

with people as (

    select profiled.customer_id

    from {{ ref('int_profiled_customers') }} as profiled
    inner join {{ ref('int_customer_types') }} as types
        on profiled.customer_id = types.customer_id
    where types.customer_type = 'person'

)

select * from people
