-- Grain: one row per profile and identifier value that it shows and that belongs to one person.
with shown as (

    select
        identifiers.profile_key,
        identifiers.identifier_type,
        identifiers.identifier_value,
        identifiers.shown_value,
        people.person_number

    from {{ ref('int_identity_identifiers') }} as identifiers
    inner join {{ ref('int_customer_identities') }} as people
        on identifiers.profile_number = people.profile_number
    left join {{ ref('int_identity_blocked_values') }} as blocked
        on identifiers.identifier_type = blocked.identifier_type
            and identifiers.identifier_value = blocked.identifier_value
    left join {{ ref('int_identity_dropped_claims') }} as dropped
        on identifiers.identifier_type = dropped.identifier_type
            and identifiers.identifier_value = dropped.identifier_value
            and identifiers.profile_number = dropped.profile_number
    where blocked.identifier_value is null and dropped.identifier_value is null

),

personal as (

    select
        identifier_type,
        identifier_value

    from shown
    group by identifier_type, identifier_value
    having min(person_number) = max(person_number)

),

edges as (

    select
        shown.profile_key,
        concat_ws('', shown.identifier_type, ':', shown.shown_value) as identifier

    from shown
    inner join personal
        on shown.identifier_type = personal.identifier_type
            and shown.identifier_value = personal.identifier_value

)

select * from edges
