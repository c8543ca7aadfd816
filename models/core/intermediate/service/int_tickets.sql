-- Grain: one row per support ticket: its customer, and its state on as_of_date.
{%- set bare_list = regexp_replace_all('merged_ticket_ids', '[^0-9A-Za-z_,-]') %}

with tickets as (

    select * from {{ ref('stg_zendesk__tickets') }}
    where created_date <= {{ as_of_date() }}

),

-- "offered" is a request for a rating, not a rating. People change their minds: the last rating by as_of_date counts,
-- and of two at the same instant the worse.
ratings as (

    select
        ticket_id,
        case when lower(value) like 'good%' then 5 else 1 end as satisfaction,
        changed_at as rated_at,
        {{ business_date('changed_at') }} as rated_date,
        row_number() over (
            partition by ticket_id
            order by changed_at desc, case when lower(value) like 'good%' then 1 else 0 end
        ) as recency_rank

    from {{ ref('stg_zendesk__ticket_field_changes') }}
    where
        field_name = 'satisfaction_score'
        and (lower(value) like 'good%' or lower(value) like 'bad%')
        and {{ business_date('changed_at') }} <= {{ as_of_date() }}

),

identities as (

    select * from {{ ref('int_customer_identities') }}
    where source_system = 'zendesk'

),

merged_lists as (

    select
        ticket_id as surviving_ticket_id,
        {{ split_to_rows(regexp_replace_all(bare_list, ',', '|')) }} as merged_ticket_id

    from tickets
    where merged_ticket_ids is not null

),

merged_tickets as (

    select distinct merged_ticket_id from merged_lists
    where merged_ticket_id <> surviving_ticket_id

),

tag_flags as (

    select
        ticket_id,
        bool_or(lower(tag) = 'complaint') as is_complaint,
        bool_or(lower(tag) in ('late_delivery', 'damaged')) as is_delivery_issue

    from {{ ref('stg_zendesk__ticket_tags') }}
    group by ticket_id

),

joined as (

    select
        tickets.ticket_id,
        identities.customer_id,
        tickets.source_order_id,

        lower(tickets.status) as status,
        tickets.priority,
        tickets.type as ticket_type,
        tickets.via_channel,
        ratings.satisfaction,

        (
            lower(tickets.status) not in ('solved', 'closed', 'deleted')
            and merged_tickets.merged_ticket_id is null
        ) as is_open,
        coalesce(tag_flags.is_complaint, false) as is_complaint,
        coalesce(tag_flags.is_delivery_issue, false) as is_delivery_issue,
        merged_tickets.merged_ticket_id is not null as is_merged,

        tickets.created_at,
        tickets.created_date,
        tickets.updated_at,
        ratings.rated_at,
        ratings.rated_date

    from tickets
    left join identities
        on tickets.requester_id = identities.source_profile_id
    left join merged_tickets
        on tickets.ticket_id = merged_tickets.merged_ticket_id
    left join tag_flags
        on tickets.ticket_id = tag_flags.ticket_id
    left join ratings
        on tickets.ticket_id = ratings.ticket_id
            and ratings.recency_rank = 1

)

select * from joined
