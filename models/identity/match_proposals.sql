-- Grain: one row per pair of profiles that matching proposed as one person.
with proposals as (

    select * from {{ ref('stg_matching__proposals') }}

),

identities as (

    select * from {{ ref('customer_identities') }}

),

joined as (

    select
        proposals.proposal_id,
        proposals.left_source_system,
        proposals.left_source_profile_id,
        proposals.right_source_system,
        proposals.right_source_profile_id,
        left_profiles.customer_id as left_customer_id,
        right_profiles.customer_id as right_customer_id,

        proposals.match_probability,

        proposals.agreeing_fields,
        proposals.differing_fields,
        proposals.status,

        coalesce(left_profiles.customer_id = right_profiles.customer_id, false) as is_one_customer,

        proposals.stated_at

    from proposals
    left join identities as left_profiles
        on
            proposals.left_source_system = left_profiles.source_system
            and proposals.left_source_profile_id = left_profiles.source_profile_id
    left join identities as right_profiles
        on
            proposals.right_source_system = right_profiles.source_system
            and proposals.right_source_profile_id = right_profiles.source_profile_id

)

select * from joined
