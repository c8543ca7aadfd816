-- Grain: one row per ticket with at least one message that its requester can see. No free text.
with comments as (

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

)

select * from replies
