-- Grain: one row per e-mail address that several people show, and person: why it must not join them; null where it may.
with shown as (

    select distinct
        identifiers.identifier_value,
        people.person_number
    from {{ ref('int_identity_identifiers') }} as identifiers
    inner join {{ ref('int_identity_by_account') }} as people
        on identifiers.profile_number = people.profile_number
    left join {{ ref('int_identity_blocked_values') }} as blocked
        on identifiers.identifier_type = blocked.identifier_type
            and identifiers.identifier_value = blocked.identifier_value
    where identifiers.identifier_type = 'email' and blocked.identifier_value is null

),

-- People who are known independently of the address have an account.
persons as (

    select
        people.person_number,
        max(cast(profiles.source_system in ('crm', 'loyalty', 'shopify') as int)) as known_count,
        coalesce(
            min({{ name_key('limits.told_apart_by', 'profiles') }}), cast(people.person_number as {{ dbt.type_string() }})
        ) as people_key,
        min({{ name_key('limits.told_apart_by', 'profiles') }}) as lowest_name,
        max({{ name_key('limits.told_apart_by', 'profiles') }}) as highest_name,
        min(extract(year from profiles.birth_date)) as lowest_year,
        max(extract(year from profiles.birth_date)) as highest_year
    from {{ ref('int_identity_by_account') }} as people
    inner join {{ ref('int_identity_profiles') }} as profiles on people.profile_number = profiles.profile_number
    inner join {{ ref('identifier_limits') }} as limits on limits.identifier_type = 'email'
    group by people.person_number

),

shared as (

    select
        shown.identifier_value,
        -- Accounts of one name count once: someone may open a new one at every order.
        count(distinct case when persons.known_count = 1 then persons.people_key end) as known_count,
        sum(case when persons.lowest_name is null then persons.known_count else 0 end) as known_unnamed_count,
        count(persons.lowest_name) as named_count,
        min(persons.lowest_name) < max(persons.highest_name) as has_several_names,
        max(persons.highest_year) - min(persons.lowest_year) as birth_years
    from shown
    inner join persons
        on shown.person_number = persons.person_number
    group by shown.identifier_value
    having count(*) > 1

),

-- Names that differ are compared form by form: is there one shared by everyone who gave a name?
agreed as (

    select identifier_value
    from (
        select
            shared.identifier_value,
            shared.named_count,
            shown.person_number,
            {{ list_to_rows(name_forms('limits.told_apart_by', 'profiles')) }} as name_form
        from shared
        inner join shown on shared.identifier_value = shown.identifier_value
        inner join {{ ref('int_identity_by_account') }} as people on shown.person_number = people.person_number
        inner join {{ ref('int_identity_profiles') }} as profiles on people.profile_number = profiles.profile_number
        inner join {{ ref('identifier_limits') }} as limits on limits.identifier_type = 'email'
        where shared.has_several_names
    ) as forms
    group by identifier_value, named_count, {{ shared_form('name_form') }}
    having count(distinct person_number) = named_count and min(name_form) = {{ shared_form('min(name_form)') }}

),

cut as (

    select distinct one_side.identifier_value
    from {{ ref('int_identity_decisions') }} as decisions
    inner join {{ ref('int_identity_by_account') }} as one_person
        on decisions.left_number = one_person.profile_number
    inner join {{ ref('int_identity_by_account') }} as other_person
        on decisions.right_number = other_person.profile_number
            and one_person.person_number <> other_person.person_number
    inner join shown as one_side
        on one_person.person_number = one_side.person_number
    inner join shown as other_side
        on other_person.person_number = other_side.person_number
            and one_side.identifier_value = other_side.identifier_value
    where decisions.action = 'cut'

),

classified as (

    select
        shown.identifier_value,
        shown.person_number,
        case
            when cut.identifier_value is not null then 'cut_by_hand'
            when
                shared.has_several_names and shown.identifier_value not in (select agreed.identifier_value from agreed)
                then 'names_differ'
            when shared.birth_years > limits.max_birth_years then 'birth_dates_differ'
            when shared.known_count > limits.max_people then 'too_many_people'
            when limits.needs_name and shared.known_count > 1 and shared.known_unnamed_count > 0
                then 'people_without_name'
        end as reason,
        shared.known_count > limits.max_people as is_crowd
    from shown
    inner join shared on shown.identifier_value = shared.identifier_value
    inner join {{ ref('identifier_limits') }} as limits on limits.identifier_type = 'email'
    left join cut on shown.identifier_value = cut.identifier_value

)

select * from classified
