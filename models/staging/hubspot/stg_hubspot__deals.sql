-- Grain: one row per deal of the sales team.
with versions as (

    {{ latest_version('hubspot', 'deal') }}

),

renamed as (

    select
        deal_id,
        deal_pipeline_id as pipeline_id,
        deal_pipeline_stage_id as stage_id,
        property_dealname as name,
        property_amount as amount,
        property_createdate as created_at,
        property_closedate as closed_at,
        known_at

    from versions

)

select * from renamed
