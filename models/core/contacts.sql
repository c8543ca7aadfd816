-- Grain: one row per customer with an e-mail address or a phone number: those to use. Direct identifiers.
with golden as (

    select * from {{ ref('int_customer_golden_values') }}
    where field in ('email', 'phone') and value is not null

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
