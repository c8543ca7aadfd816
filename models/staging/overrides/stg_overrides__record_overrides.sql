-- Grain: one row per override.
with versions as (

    {{ latest_version('overrides', 'record_override') }}

),

renamed as (

    select
        override_id,
        lower(source_name) as source_name,
        lower(table_name) as table_name,
        record_key,
        rule_key,
        lower(action) as action,
        reason,
        decided_by,
        decided_at

    from versions

)

select * from renamed
