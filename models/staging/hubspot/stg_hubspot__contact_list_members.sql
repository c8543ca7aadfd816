-- Grain: one row per list and contact on it.
with versions as (

    {{ latest_version('hubspot', 'contact_list_member') }}

),

renamed as (

    select
        contact_list_id as list_id,
        contact_id,
        added_at,
        first_known_at,
        known_at

    from versions

)

select * from renamed
