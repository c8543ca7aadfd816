-- Grain: one row per profile whose entry in the registry is missing or out of date; what this run adds to it.
-- A profile that is gone follows the customer that it was registered with, so that its old id still leads there.
-- A view: after the first run it has next to no rows.
{{ config(materialized='view') }}

with identities as (

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
    inner join identities
        on holders.holder_number = identities.profile_number

),

present as (

    select
        profile_id,
        customer_id,
        registered_customer_id as previous_customer_id,
        first_known_at

    from identities

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
    left join identities
        on registry.profile_id = identities.profile_id
    where identities.profile_id is null

),

moves as (

    select * from present
    union all
    select * from gone

)

select * from moves
where previous_customer_id is null or previous_customer_id <> customer_id
