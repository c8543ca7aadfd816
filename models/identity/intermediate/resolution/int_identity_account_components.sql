-- Grain: one row per profile number that an account number, a merge that its source reports, or a manual decision joins
-- to another.
{{ config(materialized='connected_components') }}

with links as (

    select
        identifiers.profile_number as node,
        identifiers.identifier_type || ':' || identifiers.identifier_value as link
    from {{ ref('int_identity_identifiers') }} as identifiers
    left join {{ ref('int_identity_blocked_values') }} as blocked
        on identifiers.identifier_type = blocked.identifier_type
            and identifiers.identifier_value = blocked.identifier_value
    left join {{ ref('int_identity_dropped_claims') }} as dropped
        on identifiers.identifier_type = dropped.identifier_type
            and identifiers.identifier_value = dropped.identifier_value
            and identifiers.profile_number = dropped.profile_number
    where identifiers.identifier_type in ('customer_number', 'loyalty_number', 'shop_customer_id', 'merged_profile')
        and blocked.identifier_value is null
        and dropped.identifier_value is null

    union all

    select
        left_number as node,
        'decision:' || decision_id as link
    from {{ ref('int_identity_decisions') }}
    where action = 'link' and left_number is not null

    union all

    select
        right_number as node,
        'decision:' || decision_id as link
    from {{ ref('int_identity_decisions') }}
    where action = 'link' and right_number is not null

)

select * from links
