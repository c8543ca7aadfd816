-- Grain: one row per profile and identifier that it ever showed by as_of_date, as it is compared between profiles.
with profiles as (

    select * from {{ ref('int_identity_profiles') }}

),

account_versions as (

    select * from {{ ref('int_identity_account_versions') }}

),

-- A person who changed an address stays one person, so accounts count with every version; an event has one.
shown as (

    {% for type in identifier_types() %}
    select
        profile_key,
        '{{ type }}' as identifier_type,
        {{ type }} as shown_value,
        known_at

    from account_versions
    where {{ type }} is not null

    union all

    select
        profile_key,
        '{{ type }}' as identifier_type,
        {{ type }} as shown_value,
        first_known_at as known_at

    from profiles
    where {{ type }} is not null and source_system not in ({{ literal_list(account_sources()) }})
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

distinct_values as (

    select distinct
        identifier_type,
        shown_value

    from shown

),

compared as (

    select
        distinct_values.identifier_type,
        distinct_values.shown_value,
        case
            when distinct_values.identifier_type = 'email' then {{ mailbox_of('distinct_values.shown_value') }}
            else distinct_values.shown_value
        end as identifier_value

    from distinct_values
    left join {{ ref('email_providers') }} as providers
        on distinct_values.identifier_type = 'email'
            and split_part(distinct_values.shown_value, '@', 2) = providers.domain

),

identifiers as (

    select
        profiles.profile_number,
        profiles.profile_key,
        profiles.source_system,
        shown.identifier_type,
        compared.identifier_value,
        shown.shown_value,
        min(shown.known_at) as first_known_at

    from shown
    inner join profiles
        on shown.profile_key = profiles.profile_key
    inner join compared
        on shown.identifier_type = compared.identifier_type
            and shown.shown_value = compared.shown_value
    group by
        profiles.profile_number, profiles.profile_key, profiles.source_system, shown.identifier_type,
        compared.identifier_value, shown.shown_value

)

select * from identifiers
