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
        known_at

    from versions

)

select * from renamed
