-- Grain: one row per profile: the person it belongs to, its keyed hash, and which customer the registry has it under.
with people as (

    select * from {{ ref('int_identity_by_phone') }}

),

profiles as (

    select
        profile_number,
        profile_key,
        {{ keyed_hash('profile_key') }} as profile_id,
        source_system,
        source_profile_id,
        first_known_at,
        first_seen_at

    from {{ ref('int_identity_profiles') }}

),

registry as (

    {{ identity_registry_rows() }}

),

joined as (

    select
        profiles.*,
        people.person_number,
        registry.customer_id as registered_customer_id

    from profiles
    inner join people
        on profiles.profile_number = people.profile_number
    left join registry
        on profiles.profile_id = registry.profile_id

)

select * from joined
