-- Grain: one row per order that counts, or that caused a cost without counting: amounts of the order as a whole.
with orders as (

    select
        order_id,
        customer_id,
        channel,
        ordered_date,
        is_counted,
        case when is_counted then shipping_revenue else 0 end as shipping_revenue

    from {{ ref('orders') }}

),

order_costs as (

    select * from {{ ref('int_order_costs') }}

),

-- Returns that cannot be assigned to a line: refunded shipping, goodwill, unknown lines.
returns as (

    select
        order_id,
        cast(sum(case when line_id is null then returns_amount else 0 end) as decimal(18, 2)) as returns_amount,
        cast(sum(case when line_id is null then return_handling_cost else 0 end) as decimal(18, 2))
            as return_handling_cost,
        {{ all_missing_costs('missing_costs') }} as missing_costs

    from {{ ref('int_return_costs') }}
    where order_id is not null
    group by order_id

),

tickets as (

    select
        order_id,
        cast(sum(service_cost) as decimal(18, 2)) as service_cost,
        {{ all_missing_costs('missing_costs') }} as missing_costs

    from {{ ref('int_ticket_costs') }}
    where order_id is not null
    group by order_id

),

joined as (

    select
        orders.order_id,
        orders.customer_id,
        orders.channel,
        orders.ordered_date,
        orders.is_counted,
        orders.shipping_revenue,
        coalesce(returns.returns_amount, 0) as returns_amount,
        coalesce(order_costs.shipping_cost, 0) as shipping_cost,
        coalesce(order_costs.payment_fees, 0) as payment_fees,
        coalesce(order_costs.marketplace_fees, 0) as marketplace_fees,
        coalesce(returns.return_handling_cost, 0) as return_handling_cost,
        coalesce(tickets.service_cost, 0) as service_cost,
        {{ missing_costs_of(['order_costs.missing_costs', 'returns.missing_costs', 'tickets.missing_costs']) }}
            as missing_costs

    from orders
    left join order_costs
        on orders.order_id = order_costs.order_id
    left join returns
        on orders.order_id = returns.order_id
    left join tickets
        on orders.order_id = tickets.order_id
    where orders.is_counted or returns.order_id is not null or tickets.order_id is not null

)

select * from joined
