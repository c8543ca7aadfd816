-- Grain: one row per profile of a known person: whose profile it is.
-- {{ stop_unless_converged(ref('int_identity_round_6')) }}
with labels as (

    select * from {{ ref('int_identity_round_6') }}

),

profiles as (

    select * from {{ ref('int_identity_profiles') }}

),

members as (

    select
        profiles.profile_key,
        profiles.source_system,
        profiles.source_profile_id,
        profiles.first_seen_at,
        labels.label,
        -- The person is named after the profile that was there first, so later evidence does not rename anybody.
        first_value(profiles.profile_key) over (
            partition by labels.label
            order by profiles.first_seen_at, profiles.profile_key
        ) as first_profile_key

    from profiles
    inner join labels
        on profiles.profile_key = labels.profile_key

),

identities as (

    select
        profile_key,
        source_system,
        source_profile_id,
        {{ keyed_hash('first_profile_key') }} as customer_id,
        first_seen_at

    from members

)

select * from identities
