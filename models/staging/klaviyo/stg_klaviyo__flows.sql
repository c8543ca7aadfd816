-- Grain: one row per automated series of messages.
with versions as (

    {{ latest_version('klaviyo', 'flow') }}

),

renamed as (

    select
        id as flow_id,
        name,
        lower(status) as status,
        trigger_type,
        coalesce(archived, false) as is_archived,
        created as created_at,
        known_at

    from versions

)

select * from renamed
