-- Grain: one row per event type.
with versions as (

    {{ latest_version('klaviyo', 'metric') }}

),

renamed as (

    select
        id as metric_id,
        name,
        integration_name,
        integration_category,
        coalesce(_fivetran_deleted, false) as is_deleted,
        known_at

    from versions

)

select * from renamed
