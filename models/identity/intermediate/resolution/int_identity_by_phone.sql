-- Grain: one row per profile: the person it belongs to by account numbers, addresses and telephones.
-- Joins are accepted only as long as nothing known contradicts them: where a chain of joins connects people who
-- contradict each other, all joins of that person at this level are undone.
{{ config(materialized='view') }}

with people as (

    select * from {{ ref('int_identity_by_email') }}

),

joined as (

    select
        people.profile_number,
        people.person_number,
        components.component
    from people
    inner join {{ ref('int_identity_phone_components') }} as components on people.person_number = components.node

),

named as (

    select
        joined.component,
        joined.person_number,
        profiles.first_letters,
        profiles.first_names,
        profiles.last_name_key,
        profiles.birth_date,
        limits.told_apart_by,
        {{ name_key('limits.told_apart_by', 'profiles') }} as name_key
    from joined
    inner join {{ ref('int_identity_profiles') }} as profiles on joined.profile_number = profiles.profile_number
    inner join {{ ref('identifier_limits') }} as limits on limits.identifier_type = 'phone'

),

-- Names that differ are compared form by form: is there one shared by everyone who gave a name?
several_names as (

    select
        component,
        count(distinct person_number) as named_count
    from named
    where name_key is not null
    group by component
    having min(name_key) < max(name_key)

),

agreed as (

    select component
    from (
        select
            named.component,
            named.person_number,
            several_names.named_count,
            {{ list_to_rows(name_forms('named.told_apart_by', 'named')) }} as name_form
        from named
        inner join several_names on named.component = several_names.component
    ) as forms
    group by component, named_count, {{ shared_form('name_form') }}
    having count(distinct person_number) = named_count and min(name_form) = {{ shared_form('min(name_form)') }}

),

undone as (

    select component
    from several_names
    where component not in (select agreed.component from agreed)

    union

    select component
    from named
    group by component
    having min(extract(year from birth_date)) < max(extract(year from birth_date))

    union

    select joined.component
    from joined
    inner join {{ ref('int_identity_identifiers') }} as identifiers
        on joined.profile_number = identifiers.profile_number
    inner join {{ ref('identifier_limits') }} as limits
        on identifiers.identifier_type = limits.identifier_type
    where identifiers.identifier_type = 'phone'
    group by joined.component
    having count(distinct identifiers.identifier_value) > min(limits.max_per_person)

    union

    select one_side.component
    from {{ ref('int_identity_decisions') }} as decisions
    inner join joined as one_side on decisions.left_number = one_side.profile_number
    inner join joined as other_side
        on decisions.right_number = other_side.profile_number and one_side.component = other_side.component
    where decisions.action = 'cut'

),

resolved as (

    select
        people.profile_number,
        case
            when joined.component is null or undone.component is not null then people.person_number
            else joined.component
        end as person_number
    from people
    left join joined on people.profile_number = joined.profile_number
    left join undone on joined.component = undone.component

)

select * from resolved
