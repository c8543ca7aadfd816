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

-- Each level names the people of its time; what they are called now is what a reader knows.
present as (

    select
        shared.identifier_type,
        shared.identifier_value,
        shared.reason,
        people.person_number

    from shared
    inner join people
        on shared.person_number = people.profile_number

),

-- A join that was undone because a chain of joins contradicted itself: allowed by itself, and yet not made.
undone as (

    select
        identifier_type,
        identifier_value

    from present
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
    from present
    where reason is not null

    union

    select
        present.identifier_type,
        present.identifier_value,
        present.person_number,
        'chain_contradicts' as reason
    from present
    inner join undone
        on present.identifier_type = undone.identifier_type
            and present.identifier_value = undone.identifier_value

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
