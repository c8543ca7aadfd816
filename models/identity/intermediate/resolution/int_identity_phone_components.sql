-- Grain: one row per person number that a shared telephone joins to another.
-- An identifier that may not join everyone who shows it joins those whose names have a form in common. A person without
-- a name may be any of them, and stays separate; a crowd's identifier joins no one at all.
{{ config(materialized='connected_components') }}

with shared as (

    select * from {{ ref('int_identity_phone_values') }}

),

links as (

    select
        person_number as node,
        identifier_value as link
    from shared
    where reason is null

    union all

    select
        contested.person_number as node,
        contested.identifier_value || ' of ' || contested.name_form as link
    from (
        select
            shared.identifier_value,
            shared.person_number,
            {{ list_to_rows(name_forms('limits.told_apart_by', 'profiles')) }} as name_form
        from shared
        inner join {{ ref('int_identity_by_email') }} as people
            on shared.person_number = people.person_number
        inner join {{ ref('int_identity_profiles') }} as profiles
            on people.profile_number = profiles.profile_number
        inner join {{ ref('identifier_limits') }} as limits
            on limits.identifier_type = 'phone'
        where shared.reason = 'names_differ' and not shared.is_crowd
    ) as contested

)

select distinct
    node,
    link
from links
