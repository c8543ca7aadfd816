-- Grain: one row per profile whose entry in the registry is missing or no longer true; what this run adds to it.
-- A profile that is gone follows the customer that it was registered with, so that its old id still leads there.
with people as (

    select * from {{ ref('int_identity_people') }}

),

identities as (

    select * from {{ ref('int_customer_identities') }}

),

registry as (

    {{ identity_registry_rows() }}

),

holders as (

    select
        holders.customer_id,
        identities.customer_id as new_customer_id

    from {{ ref('int_identity_holders') }} as holders
    inner join people
        on holders.holder_number = people.profile_number
    inner join identities
        on people.profile_key = identities.profile_key

),

present as (

    select
        people.profile_id,
        identities.customer_id,
        people.registered_customer_id as previous_customer_id,
        people.first_known_at

    from people
    inner join identities
        on people.profile_key = identities.profile_key

),

gone as (

    select
        registry.profile_id,
        holders.new_customer_id as customer_id,
        registry.customer_id as previous_customer_id,
        registry.first_known_at

    from registry
    inner join holders
        on registry.customer_id = holders.customer_id
    left join people
        on registry.profile_id = people.profile_id
    where people.profile_id is null

),

moves as (

    select * from present
    union all
    select * from gone

)

select * from moves
where previous_customer_id is null or previous_customer_id <> customer_id
