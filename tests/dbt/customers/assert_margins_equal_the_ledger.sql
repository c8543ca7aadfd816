-- Every money column of the margin compared with the ledger that it comes from, to the cent: revenue, discounts,
-- returns, shipping and net revenue of every order that counts; goods of every line; stated commissions; refunds of
-- orders that do not count only where a replacement reverses the first sale; handling and service one by one, in total
-- and by customer.
{{ config(group='customers') }}
with orders as (

    select * from {{ ref('orders') }}

),

margins as (

    select * from {{ ref('order_margins') }}

),

line_costs as (

    select
        order_id,
        sum(cogs) as cogs
    from {{ ref('order_lines') }}
    where is_counted
    group by order_id

),

counted_returns as (

    select
        order_id,
        sum(returns_amount) as returns_amount
    from {{ ref('returns') }}
    where is_counted and order_id is not null
    group by order_id

),

by_order as (

    {% for amount in ['gross_revenue', 'discounts', 'shipping_revenue', 'net_revenue'] %}
    select
        '{{ amount }} of an order' as amount,
        orders.order_id as record_id,
        orders.{{ amount }} as in_ledger,
        margins.{{ amount }} as in_margin
    from orders
    left join margins
        on orders.order_id = margins.order_id
    where orders.is_counted

    union all
    {% endfor %}

    select
        'returns_amount of an order that counts' as amount,
        orders.order_id as record_id,
        orders.returns_amount as in_ledger,
        margins.returns_amount as in_margin
    from orders
    left join margins
        on orders.order_id = margins.order_id
    where orders.is_counted

    union all

    select
        'returns_amount of an order, from its returns',
        coalesce(margins.order_id, counted_returns.order_id),
        coalesce(counted_returns.returns_amount, 0),
        coalesce(margins.returns_amount, 0)
    from margins
    full outer join counted_returns
        on margins.order_id = counted_returns.order_id

    union all

    select
        'cogs of an order',
        margins.order_id,
        coalesce(line_costs.cogs, 0),
        margins.cogs
    from margins
    left join line_costs
        on margins.order_id = line_costs.order_id

    union all

    select
        'stated commission of an order',
        orders.order_id,
        orders.marketplace_fee,
        margins.marketplace_fees
    from orders
    left join margins
        on orders.order_id = margins.order_id
    where orders.is_counted and orders.marketplace_fee is not null

    union all

    {% for amount in ['shipping_cost', 'payment_fees'] %}
    select
        '{{ amount }} of an order',
        coalesce(costs.order_id, margins.order_id),
        coalesce(costs.{{ amount }}, 0),
        coalesce(margins.{{ amount }}, 0)
    from margins
    full outer join {{ ref('int_order_costs') }} as costs
        on margins.order_id = costs.order_id

    union all
    {% endfor %}

    select
        'revenue of an order that does not count',
        order_id,
        0,
        abs(gross_revenue) + abs(discounts) + abs(shipping_revenue) + abs(cogs) + abs(shipping_cost)
        + abs(payment_fees) + abs(marketplace_fees)
    from margins
    where not is_counted

),

by_customer as (

    select
        'returns_amount of a customer' as amount,
        returns.customer_id as record_id,
        sum(case when returns.is_counted then returns.returns_amount else 0 end) as in_ledger,
        max(margin.returns_amount) as in_margin
    from {{ ref('returns') }} as returns
    left join {{ ref('customer_margin') }} as margin
        on returns.customer_id = margin.customer_id
    where returns.customer_id is not null and (returns.is_counted or returns.is_handled)
    group by returns.customer_id

    union all

    select
        'return_handling_cost of a customer',
        returns.customer_id,
        sum(handling.return_handling_cost),
        max(margin.return_handling_cost)
    from {{ ref('returns') }} as returns
    inner join {{ ref('int_return_costs') }} as handling
        on returns.return_id = handling.return_id
    left join {{ ref('customer_margin') }} as margin
        on returns.customer_id = margin.customer_id
    where returns.customer_id is not null
    group by returns.customer_id

    union all

    select
        'service_cost of a customer',
        tickets.customer_id,
        sum(service.service_cost),
        max(margin.service_cost)
    from {{ ref('tickets') }} as tickets
    inner join {{ ref('int_ticket_costs') }} as service
        on tickets.ticket_id = service.ticket_id
    left join {{ ref('customer_margin') }} as margin
        on tickets.customer_id = margin.customer_id
    where tickets.customer_id is not null
    group by tickets.customer_id

),

-- Nothing is missing or counted twice: each ledger compared with everything that the margins hold of it.
in_total as (

    select
        'returns handled' as amount,
        'all' as record_id,
        (
            select count(*) from {{ ref('returns') }}
            where is_counted or is_handled
        ) as in_ledger,
        (select count(*) from {{ ref('int_return_costs') }}) as in_margin

    union all

    select
        'tickets served',
        'all',
        (select count(*) from {{ ref('tickets') }}),
        (select count(*) from {{ ref('int_ticket_costs') }})

    union all

    select
        'return_handling_cost of all orders',
        'all',
        (
            select coalesce(sum(return_handling_cost), 0) from {{ ref('int_return_costs') }}
            where order_id is not null
        ),
        (select coalesce(sum(return_handling_cost), 0) from margins)

    union all

    select
        'service_cost of all orders',
        'all',
        (
            select coalesce(sum(service_cost), 0) from {{ ref('int_ticket_costs') }}
            where order_id is not null
        ),
        (select coalesce(sum(service_cost), 0) from margins)

    union all

    -- Each money record that reconciliation counts as a refund in the model is one return here.
    select
        'refunds in the model',
        'all',
        (
            select coalesce(sum(record_count), 0) from {{ ref('money_reconciliation') }}
            where check_name = 'records' and subject = 'refund' and outcome = 'in the model'
        ),
        (select count(*) from {{ ref('returns') }})

),

compared as (

    select * from by_order
    union all
    select * from by_customer
    union all
    select * from in_total

)

select * from compared
where in_ledger <> in_margin or in_margin is null or in_ledger is null
