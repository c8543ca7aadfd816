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
        coalesce(_fivetran_deleted, false) as is_deleted,
        created as created_at,
        known_at

    from versions

)

select * from renamed
