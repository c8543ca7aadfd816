-- Grain: one row per ticket solved on as_of_date with a time of resolution in its history: when it was last solved.
with tickets as (

    select * from {{ ref('int_tickets') }}
    where not is_open and not is_merged and status <> 'deleted'

),

status_changes as (

    select
        ticket_id,
        lower(value) as status,
        changed_at

    from {{ ref('stg_zendesk__ticket_field_changes') }}
    where
        field_name = 'status'
        and lower(value) in ('solved', 'closed')
        and changed_at < {{ as_of_end() }}

),

-- Closing follows solving automatically, days later; it only counts for a ticket that was never marked as solved.
resolutions as (

    select
        ticket_id,
        coalesce(
            max(case when status = 'solved' then changed_at end),
            min(case when status = 'closed' then changed_at end)
        ) as resolved_at

    from status_changes
    group by ticket_id

),

joined as (

    select
        tickets.ticket_id,
        tickets.customer_id,
        resolutions.resolved_at,
        {{ business_date('resolutions.resolved_at') }} as resolved_date,
        cast({{ seconds_between('tickets.created_at', 'resolutions.resolved_at') }} as double) / 3600
            as resolution_hours

    from tickets
    inner join resolutions
        on tickets.ticket_id = resolutions.ticket_id
    where resolutions.resolved_at >= tickets.created_at

)

select * from joined
