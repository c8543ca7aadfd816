-- Grain: one row per support ticket. No free text.
with tickets as (

    select * from {{ ref('int_tickets') }}

),

comments as (

    select * from {{ ref('stg_zendesk__ticket_comments') }}
    where is_public and commented_date <= {{ as_of_date() }}

),

agents as (

    select * from {{ ref('stg_zendesk__users') }}
    where role in ('agent', 'admin')

),

replies as (

    select
        comments.ticket_id,
        count(*) as public_message_count,
        count(agents.user_id) as agent_reply_count,
        min(case when agents.user_id is not null then comments.commented_at end) as first_replied_at

    from comments
    left join agents
        on comments.author_id = agents.user_id
    group by comments.ticket_id

),

final as (

    select
        tickets.ticket_id,
        tickets.customer_id,
        tickets.created_at,
        tickets.created_date,
        tickets.status,
        tickets.is_open,
        tickets.is_complaint,
        tickets.is_delivery_issue,
        tickets.is_merged,
        tickets.priority,
        tickets.ticket_type,
        tickets.via_channel,
        tickets.satisfaction,
        tickets.rated_date,
        tickets.updated_at,
        replies.public_message_count,
        replies.agent_reply_count,
        replies.first_replied_at,
        cast(
            floor(cast({{ seconds_between('tickets.created_at', 'replies.first_replied_at') }} as double) / 60) as bigint
        ) as first_reply_minutes

    from tickets
    left join replies
        on tickets.ticket_id = replies.ticket_id

)

select * from final
