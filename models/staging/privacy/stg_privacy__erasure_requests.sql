-- Grain: one row per erasure request. The identifiers that it names are for the erasure alone.
with versions as (

    {{ latest_version('privacy', 'erasure_request') }}

),

renamed as (

    select
        request_id,
        requested_at

    from versions

)

select * from renamed
