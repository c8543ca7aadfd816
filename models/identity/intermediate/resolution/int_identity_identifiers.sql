-- Grain: one row per profile and identifier that it ever showed by as_of_date, as it is compared between profiles.
-- The id of a profile that its source has merged into others is an identifier of all of them.
with profiles as (

    select * from {{ ref('int_identity_profiles') }}

),

account_versions as (

    select * from {{ ref('int_identity_account_versions') }}

),

-- A person who changed an address stays one person, so a changed account counts with every version.
unchanged as (

    select * from profiles
    where profile_key not in (select account_versions.profile_key from account_versions)

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

-- A contact of the CRM shows its own id and those of the contacts merged into it, each perhaps with a time after a colon.
merged as (

    select
        concat_ws('', 'hubspot:', contact_id) as profile_key,
        known_at,
        {{ split_to_rows("concat_ws('|', contact_id, replace(replace(merged_contact_ids, ';', '|'), ' ', ''))") }} as merged_id
    from {{ ref('stg_hubspot__contacts') }}

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

    union all

    select
        profiles.profile_number,
        profiles.profile_key,
        profiles.source_system,
        'merged_profile' as identifier_type,
        regexp_extract(merged.merged_id, '^[^:]+', 0) as identifier_value,
        regexp_extract(merged.merged_id, '^[^:]+', 0) as shown_value,
        merged.known_at as first_known_at

    from merged
    inner join profiles
        on merged.profile_key = profiles.profile_key
    where regexp_extract(merged.merged_id, '^[^:]+', 0) <> ''

)

select * from identifiers
