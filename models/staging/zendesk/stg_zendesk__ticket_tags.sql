-- Grain: one row per ticket and tag.
with versions as (

    {{ latest_version('zendesk', 'ticket_tag') }}

),

renamed as (

    select
        ticket_id,
        tag,
        known_at

    from versions

)

select * from renamed
