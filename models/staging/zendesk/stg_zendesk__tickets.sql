-- Grain: one row per support ticket.
with versions as (

    {{ latest_version('zendesk', 'ticket') }}

),

renamed as (

    select
        id as ticket_id,
        requester_id,
        external_id as source_order_id,
        subject,
        description,
        lower(type) as type,
        lower(priority) as priority,
        lower(status) as status,
        via_channel,
        merged_ticket_ids,
        created_at,
        {{ business_date('created_at') }} as created_date,
        updated_at,
        known_at

    from versions

)

select * from renamed
