{# One row per profile: the person it belongs to once the identifiers of a type have joined people. `people` are the persons
   of the level before by profile, `components` what the identifiers join. Where a chain of joins connects people who
   contradict each other, by birth date, by too many identifiers or by hand, all joins of that person at this level are
   undone; where only names do, those of equal names stay joined if they share the identifier itself. #}
{% macro joins_without_contradiction(identifier_type, people, components) -%}
with people as (

    select * from {{ people }}

),

joined as (

    select
        people.profile_number,
        people.person_number,
        components.component
    from people
    inner join {{ components }} as components on people.person_number = components.node

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
        limits.max_birth_years,
        {{ name_key('limits.told_apart_by', 'profiles') }} as name_key
    from joined
    inner join {{ ref('int_identity_profiles') }} as profiles on joined.profile_number = profiles.profile_number
    inner join {{ ref('identifier_limits') }} as limits on limits.identifier_type = '{{ identifier_type }}'

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

identifiers as (

    select
        joined.component,
        count(distinct identifiers.identifier_value) as value_count,
        min(limits.max_per_person) as max_per_person
    from joined
    inner join {{ ref('int_identity_identifiers') }} as identifiers
        on joined.profile_number = identifiers.profile_number
    inner join {{ ref('identifier_limits') }} as limits on identifiers.identifier_type = limits.identifier_type
    where identifiers.identifier_type = '{{ identifier_type }}'
    group by joined.component

),

contradicted as (

    select component
    from named
    group by component
    having max(extract(year from birth_date)) - min(extract(year from birth_date)) > min(max_birth_years)

    union

    select component
    from identifiers
    where value_count > max_per_person

    union

    select one_side.component
    from {{ ref('int_identity_decisions') }} as decisions
    inner join joined as one_side on decisions.left_number = one_side.profile_number
    inner join joined as other_side
        on decisions.right_number = other_side.profile_number and one_side.component = other_side.component
    where decisions.action = 'cut'

),

contradicted_by_name as (

    select component
    from several_names
    where component not in (select agreed.component from agreed)

),

-- Under one address or number, a chain of names that differ leaves those of equal names together.
same_name as (

    select
        person_number,
        min(person_number) over (partition by component, lowest_name) as first_person_number
    from (
        select
            component,
            person_number,
            min(name_key) as lowest_name
        from named
        where component in (select contradicted_by_name.component from contradicted_by_name)
            and component not in (select contradicted.component from contradicted)
            and component in (select identifiers.component from identifiers where identifiers.value_count = 1)
        group by component, person_number
        having min(name_key) = max(name_key)
    ) as names

),

undone as (

    select component
    from contradicted
    union
    select component
    from contradicted_by_name

),

resolved as (

    select
        people.profile_number,
        case
            when joined.component is null or undone.component is not null
                then coalesce(same_name.first_person_number, people.person_number)
            else joined.component
        end as person_number
    from people
    left join joined on people.profile_number = joined.profile_number
    left join undone on joined.component = undone.component
    left join same_name on people.person_number = same_name.person_number

)

select * from resolved
{%- endmacro %}
