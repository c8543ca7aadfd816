-- Grain: one row per ticket, field and time of change.
with versions as (

    {{ latest_version('zendesk', 'ticket_field_history') }}

),

renamed as (

    select
        ticket_id,
        field_name,
        value,
        updated as changed_at,
        known_at

    from versions

)

select * from renamed
