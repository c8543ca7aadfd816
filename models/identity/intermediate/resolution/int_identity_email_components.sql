-- Grain: one row per person number that a shared e-mail address joins to another.
-- An identifier that may not join everyone who shows it joins those whose names have a form in common. A person without
-- a name may be any of them, and stays separate, as does one without a birth date where birth dates differ; a crowd's
-- identifier joins no one at all.
{{ config(materialized='connected_components') }}

with shared as (

    select * from {{ ref('int_identity_email_values') }}

),

contested as (

    select
        shared.identifier_value,
        shared.person_number,
        shared.reason,
        case
            when shared.reason = 'birth_dates_differ'
                then cast(extract(year from profiles.birth_date) as {{ dbt.type_string() }})
        end as birth_year,
        {{ list_to_rows(name_forms('limits.told_apart_by', 'profiles')) }} as name_form
    from shared
    inner join {{ ref('int_identity_by_account') }} as people
        on shared.person_number = people.person_number
    inner join {{ ref('int_identity_profiles') }} as profiles
        on people.profile_number = profiles.profile_number
    inner join {{ ref('identifier_limits') }} as limits
        on limits.identifier_type = 'email'
    where shared.reason in ('names_differ', 'birth_dates_differ') and not shared.is_crowd

),

-- Two names of which each was only shortened to a form have nothing in common.
named as (

    select
        identifier_value,
        person_number,
        birth_year,
        {{ shared_form('name_form') }} as name_form,
        bool_or(name_form not like '%~') over (
            partition by identifier_value, {{ shared_form('name_form') }}
        ) as has_whole_name
    from contested
    where reason <> 'birth_dates_differ' or birth_year is not null

),

links as (

    select
        person_number as node,
        identifier_value as link
    from shared
    where reason is null

    union all

    select
        person_number as node,
        concat_ws(' of ', identifier_value, name_form, birth_year) as link
    from named
    where has_whole_name

)

select distinct
    node,
    link
from links
