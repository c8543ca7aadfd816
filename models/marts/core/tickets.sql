-- Grain: one row per support ticket. No free text.
with tickets as (

    select * from {{ ref('int_tickets') }}

),

final as (

    select
        ticket_id,
        customer_id,
        created_at,
        created_date,
        status,
        is_open,
        is_complaint,
        is_delivery_issue,
        is_merged,
        priority,
        ticket_type,
        via_channel,
        satisfaction,
        rated_date,
        updated_at

    from tickets

)

select * from final
