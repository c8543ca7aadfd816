-- Grain: one row per identifier that does not join people, person that shows it, and why.
{{ config(materialized='view') }}

with people as (

    select * from {{ ref('int_identity_by_phone') }}

),

identifiers as (

    select * from {{ ref('int_identity_identifiers') }}

),

-- Each level names the people of its time; what they are called now is what a reader knows.
judged as (

    select
        'email' as identifier_type,
        identifier_value,
        person_number,
        reason
    from {{ ref('int_identity_email_values') }}

    union all

    select
        'phone' as identifier_type,
        identifier_value,
        person_number,
        reason
    from {{ ref('int_identity_phone_values') }}

),

present as (

    select
        judged.identifier_type,
        judged.identifier_value,
        judged.reason,
        people.person_number

    from judged
    inner join people
        on judged.person_number = people.profile_number

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

blocked as (

    select
        blocked.identifier_type,
        blocked.identifier_value,
        blocked.reason,
        people.person_number

    from {{ ref('int_identity_blocked_values') }} as blocked
    inner join identifiers
        on blocked.identifier_type = identifiers.identifier_type
            and blocked.identifier_value = identifiers.identifier_value
    inner join people
        on identifiers.profile_number = people.profile_number

),

dropped as (

    select
        dropped.identifier_type,
        dropped.identifier_value,
        dropped.reason,
        people.person_number

    from {{ ref('int_identity_dropped_claims') }} as dropped
    inner join people
        on dropped.profile_number = people.profile_number

),

joined_by_chain as (

    select
        present.identifier_type,
        present.identifier_value,
        present.person_number,
        'chain_contradicts' as reason

    from present
    inner join undone
        on present.identifier_type = undone.identifier_type
            and present.identifier_value = undone.identifier_value

),

refusals as (
    {% for part in ['present', 'joined_by_chain', 'blocked', 'dropped'] %}
    select
        identifier_type,
        identifier_value,
        person_number,
        reason
    from {{ part }}
    where reason is not null
    {{ 'union' if not loop.last }}
    {% endfor %}
)

select * from refusals
