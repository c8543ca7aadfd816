-- Grain: one row per contact list.
with versions as (

    {{ latest_version('hubspot', 'contact_list') }}

),

renamed as (

    select
        id as list_id,
        name,
        lower(processing_type) as processing_type,
        created_at,
        updated_at,
        known_at

    from versions

)

select * from renamed
