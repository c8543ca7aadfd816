-- Grain: one row per customer with a ticket that was neither merged into another nor deleted.
with tickets as (

    select * from {{ ref('int_tickets') }}
    where
        customer_id is not null
        and not is_merged
        and status <> 'deleted'

),

replies as (

    select
        tickets.ticket_id,
        floor({{ seconds_between('tickets.created_at', 'replies.first_replied_at') }} / 60.0) as first_reply_minutes

    from tickets
    inner join {{ ref('int_ticket_replies') }} as replies
        on tickets.ticket_id = replies.ticket_id
    where
        replies.first_replied_at >= tickets.created_at
        and {{ within_window('tickets.created_date', 180) }}

),

resolutions as (

    select
        customer_id,
        avg(cast(resolution_hours as double)) as average_resolution_hours_365d

    from {{ ref('int_ticket_resolutions') }}
    where {{ within_window('resolved_date', 365) }}
    group by customer_id

),

totals as (

    select
        tickets.customer_id,
        count(*) filter (where tickets.is_open) as open_ticket_count,
        count(*) filter (where tickets.is_open and tickets.is_complaint) as open_complaint_count,
        min(tickets.created_date) filter (where tickets.is_open) as oldest_open_date,
        max(tickets.created_date) as last_ticket_date,
        count(*) filter (where {{ within_window('tickets.created_date', 365) }}) as ticket_count_365d,
        count(*) filter (
            where tickets.is_complaint and {{ within_window('tickets.created_date', 365) }}
        ) as complaint_count_365d,
        count(*) filter (
            where tickets.is_delivery_issue and {{ within_window('tickets.created_date', 365) }}
        ) as delivery_issue_count_365d,
        avg(cast(replies.first_reply_minutes as double)) as average_first_reply_minutes_180d

    from tickets
    left join replies
        on tickets.ticket_id = replies.ticket_id
    group by tickets.customer_id

),

joined as (

    select
        totals.*,
        resolutions.average_resolution_hours_365d

    from totals
    left join resolutions
        on totals.customer_id = resolutions.customer_id

)

select * from joined
