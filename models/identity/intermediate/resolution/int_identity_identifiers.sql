-- Grain: one row per profile and identifier that it ever showed by as_of_date, as it is compared between profiles.
with profiles as (

    select * from {{ ref('int_identity_profiles') }}

),

account_versions as (

    select * from {{ ref('int_identity_account_versions') }}

),

-- A person who changed an address stays one person, so a changed account counts with every version.
changed_accounts as (

    select distinct profile_key from account_versions

),

unchanged as (

    select profiles.* from profiles
    left join changed_accounts
        on profiles.profile_key = changed_accounts.profile_key
    where changed_accounts.profile_key is null

),

changed as (

    select
        profiles.profile_number,
        profiles.source_system,
        account_versions.*

    from account_versions
    inner join profiles
        on account_versions.profile_key = profiles.profile_key

),

shown as (

    {% for type in identifier_types() %}
    select
        profile_number,
        profile_key,
        source_system,
        '{{ type }}' as identifier_type,
        {{ type }} as shown_value,
        first_known_at
    from unchanged
    where {{ type }} is not null

    union all

    select
        profile_number,
        profile_key,
        source_system,
        '{{ type }}' as identifier_type,
        {{ type }} as shown_value,
        min(known_at) as first_known_at
    from changed
    where {{ type }} is not null
    group by profile_number, profile_key, source_system, {{ type }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

identifiers as (

    select
        shown.profile_number,
        shown.profile_key,
        shown.source_system,
        shown.identifier_type,
        case
            when shown.identifier_type = 'email' then {{ mailbox_of('shown.shown_value') }}
            else shown.shown_value
        end as identifier_value,
        shown.shown_value,
        shown.first_known_at

    from shown
    left join {{ ref('email_providers') }} as providers
        on shown.identifier_type = 'email'
            and split_part(shown.shown_value, '@', 2) = providers.domain

)

select * from identifiers
