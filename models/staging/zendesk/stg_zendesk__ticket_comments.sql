-- Grain: one row per public message or internal note on a ticket.
with versions as (

    {{ latest_version('zendesk', 'ticket_comment') }}

),

renamed as (

    select
        id as comment_id,
        ticket_id,
        user_id as author_id,
        body,
        coalesce(public, true) as is_public,
        created as commented_at,
        {{ business_date('created') }} as commented_date,
        known_at

    from versions

)

select * from renamed
