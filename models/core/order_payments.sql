-- Grain: one row per money movement of an order, in its own, the order's and the reporting currency.
with payments as (

    select * from {{ ref('int_order_payments') }}
    where left_out_reason is null

),

orders as (

    select
        order_id,
        customer_id,
        channel,
        not_counted_reason is null as is_counted

    from {{ ref('int_orders') }}

),

joined as (

    select
        payments.payment_id,
        payments.order_id,
        orders.customer_id,
        orders.channel,
        payments.source_system,
        payments.kind,
        payments.method,
        payments.paid_at,
        payments.paid_date,
        payments.currency,
        cast(payments.movement_amount as decimal(18, 4)) as currency_amount,
        payments.order_currency,
        cast(payments.order_currency_amount as decimal(18, 4)) as order_currency_amount,
        cast(payments.amount as decimal(18, 2)) as amount,
        payments.is_gift_card,
        payments.is_pending,
        orders.is_counted

    from payments
    inner join orders
        on payments.order_id = orders.order_id

)

select * from joined
