-- Grain: one row per customer with an address: the one e-mail and the one phone to use. Holds identifiers.
{{ config(schema='pii') }}

with golden as (

    select * from {{ ref('int_customer_golden_values') }}
    where field in ('email', 'phone')

),

contacts as (

    select
        customer_id,
        max(value) filter (where field = 'email') as email,
        max(value) filter (where field = 'phone') as phone

    from golden
    group by customer_id

)

select * from contacts
