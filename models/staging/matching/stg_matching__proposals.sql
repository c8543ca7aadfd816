-- Grain: one row per pair of profiles proposed by matching.
with versions as (

    {{ latest_version('matching', 'proposal') }}

),

renamed as (

    select
        proposal_id,
        left_source_system,
        left_source_profile_id,
        right_source_system,
        right_source_profile_id,
        match_probability,
        agreeing_fields,
        differing_fields,
        lower(status) as status,
        stated_at,
        known_at

    from versions

)

select * from renamed
