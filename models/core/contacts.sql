-- Grain: one row per customer with an e-mail address or a phone number. Direct identifiers: guarded schema.
with contacts as (

    select * from {{ ref('int_customer_contacts') }}

),

named as (

    select
        customer_id,
        email,
        phone

    from contacts
    where email is not null or phone is not null

)

select * from named
