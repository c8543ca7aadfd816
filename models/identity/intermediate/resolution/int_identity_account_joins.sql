-- Grain: one row per profile number that an account number, or a decision by hand, joins to another.
{{ config(materialized='connected_components') }}

with numbers as (

    select
        identifiers.profile_number,
        identifiers.identifier_type || ':' || identifiers.identifier_value as link

    from {{ ref('int_identity_identifiers') }} as identifiers
    left join {{ ref('int_identity_blocked_values') }} as blocked
        on identifiers.identifier_type = blocked.identifier_type
            and identifiers.identifier_value = blocked.identifier_value
    left join {{ ref('int_identity_dropped_claims') }} as dropped
        on identifiers.identifier_type = dropped.identifier_type
            and identifiers.identifier_value = dropped.identifier_value
            and identifiers.profile_number = dropped.profile_number
    where identifiers.identifier_type in ({{ literal_list(account_identifier_issuers()) }})
        and blocked.identifier_value is null
        and dropped.identifier_value is null

),

decisions as (

    select
        profiles.profile_number,
        'decision:' || decisions.decision_id as link

    from {{ ref('int_identity_decisions') }} as decisions
    inner join {{ ref('int_identity_profiles') }} as profiles
        on profiles.profile_key in (decisions.left_profile_key, decisions.right_profile_key)
    where decisions.action = 'link'

),

links as (

    select
        profile_number as node,
        link
    from numbers

    union all

    select
        profile_number as node,
        link
    from decisions

)

select * from links
