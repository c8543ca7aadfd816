-- Grain: one row per customer with a ticket that was neither merged into another nor deleted.
with tickets as (

    select * from {{ ref('int_tickets') }}
    where
        customer_id is not null
        and not is_merged
        and status <> 'deleted'

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
        customer_id,
        count(*) filter (where is_open) as open_ticket_count,
        count(*) filter (where is_open and is_complaint) as open_complaint_count,
        min(created_date) filter (where is_open) as oldest_open_date,
        max(created_date) as last_ticket_date,
        count(*) filter (where {{ within_window('created_date', 365) }}) as ticket_count_365d,
        count(*) filter (
            where is_complaint and {{ within_window('created_date', 365) }}
        ) as complaint_count_365d,
        count(*) filter (
            where is_delivery_issue and {{ within_window('created_date', 365) }}
        ) as delivery_issue_count_365d

    from tickets
    group by customer_id

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
