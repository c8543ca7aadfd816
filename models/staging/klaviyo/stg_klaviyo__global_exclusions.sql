-- Grain: one row per address that the sending tool writes to no more.
with versions as (

    {{ latest_version('klaviyo', 'global_exclusion', deleted=true) }}

),

renamed as (

    select
        email as excluded_email,
        {{ normalise_email('email') }} as email,
        person_id,
        lower(reason) as reason,
        least(coalesce(versions.timestamp, known_at), known_at) as excluded_at,
        _says_deleted as is_deleted,
        known_at

    from versions

)

select * from renamed
