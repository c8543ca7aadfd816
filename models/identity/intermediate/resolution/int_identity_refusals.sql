-- Grain: one row per identifier that does not join people, person that shows it, and why.
{{ config(materialized='view') }}

with people as (

    select * from {{ ref('int_customer_identities') }}

),

shared as (

    select
        'email' as identifier_type,
        *
    from {{ ref('int_identity_email_values') }}

    union all

    select
        'phone' as identifier_type,
        *
    from {{ ref('int_identity_phone_values') }}

),

-- Each level has its own person numbers; they are mapped to the final ones.
with_final_numbers as (

    select
        shared.identifier_type,
        shared.identifier_value,
        shared.reason,
        people.person_number

    from shared
    inner join people
        on shared.person_number = people.profile_number

),

-- A join that was undone because its chain of joins contradicted itself: allowed on its own, but not made.
undone as (

    select
        identifier_type,
        identifier_value

    from with_final_numbers
    where reason is null
    group by identifier_type, identifier_value
    having min(person_number) < max(person_number)

),

refusals as (

    select
        identifier_type,
        identifier_value,
        person_number,
        reason
    from with_final_numbers
    where reason is not null

    union

    select
        with_final_numbers.identifier_type,
        with_final_numbers.identifier_value,
        with_final_numbers.person_number,
        'chain_contradicts' as reason
    from with_final_numbers
    inner join undone
        on with_final_numbers.identifier_type = undone.identifier_type
            and with_final_numbers.identifier_value = undone.identifier_value

    union

    select
        blocked.identifier_type,
        blocked.identifier_value,
        people.person_number,
        blocked.reason
    from {{ ref('int_identity_blocked_values') }} as blocked
    inner join {{ ref('int_identity_identifiers') }} as identifiers
        on blocked.identifier_type = identifiers.identifier_type
            and blocked.identifier_value = identifiers.identifier_value
    inner join people
        on identifiers.profile_number = people.profile_number

    union

    select
        dropped.identifier_type,
        dropped.identifier_value,
        people.person_number,
        dropped.reason
    from {{ ref('int_identity_dropped_claims') }} as dropped
    inner join people
        on dropped.profile_number = people.profile_number

)

select * from refusals
