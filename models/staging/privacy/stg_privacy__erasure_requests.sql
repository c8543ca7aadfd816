-- Grain: one row per request for erasure. What it names the person by is for the erasure alone.
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
