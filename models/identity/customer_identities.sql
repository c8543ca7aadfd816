-- Grain: one row per profile of a known person; the profile's own id only as a keyed hash.
with identities as (

    select * from {{ ref('int_customer_identities') }}

),

named as (

    select
        source_system,
        profile_id as source_profile_id,
        customer_id,
        {{ business_date('first_seen_at') }} as first_seen_date

    from identities

)

select * from named
