-- Grain: one row per support ticket: its service cost, and the order that caused it.
with tickets as (

    select
        ticket_id,
        customer_id,
        source_order_id,
        created_date

    from {{ ref('int_tickets') }}

),

orders as (

    select
        stated.source_order_id,
        orders.order_id,
        orders.customer_id

    from {{ ref('int_orders_unioned') }} as stated
    inner join {{ ref('int_orders') }} as orders
        on stated.order_id = orders.order_id

),

-- Only an order of the customer who wrote: the cost of a ticket must not be charged to another customer.
ticket_orders as (

    select
        tickets.ticket_id,
        min(orders.order_id) as order_id

    from tickets
    inner join orders
        on tickets.source_order_id = orders.source_order_id
            and tickets.customer_id = orders.customer_id
    group by tickets.ticket_id

),

costs as (

    select
        tickets.ticket_id,
        tickets.customer_id,
        ticket_orders.order_id,
        tickets.created_date,
        {{ to_cents('coalesce(costs.fixed_amount, 0)') }} as service_cost,
        case when costs.fixed_amount is null then 'service' end as missing_costs

    from tickets
    left join ticket_orders
        on tickets.ticket_id = ticket_orders.ticket_id
    left join {{ ref('int_cost_assumptions') }} as costs
        on costs.cost_type = 'service'
            and costs.applies_to = 'ticket'
            and tickets.created_date >= costs.valid_from
            and tickets.created_date < costs.valid_to

)

select * from costs
