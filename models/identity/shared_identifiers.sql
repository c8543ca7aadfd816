-- Grain: one row per identifier that does not link people and customer who has it.
with refusals as (

    select * from {{ ref('int_identity_refusals') }}

),

customers as (

    select * from {{ ref('int_customer_identities') }}

),

listed as (

    select
        {{ keyed_hash("refusals.identifier_type || ':' || refusals.identifier_value") }} as identifier_id,
        customers.customer_id,
        refusals.identifier_type,
        refusals.reason,
        count(*) over (
            partition by refusals.identifier_type, refusals.identifier_value, refusals.reason
        ) as customer_count

    from refusals
    inner join customers
        on refusals.person_number = customers.profile_number

)

select * from listed
