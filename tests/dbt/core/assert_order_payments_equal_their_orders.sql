-- The amounts paid and refunded on an order equal the sum of its money movements, and of its events, to the cent.
with payments as (

    select
        order_id,
        sum(case when kind = 'payment' and not is_pending then amount else 0 end) as paid,
        sum(case when kind = 'refund' and not is_pending then amount else 0 end) as refunded,
        sum(case when kind = 'refund' and is_pending then amount else 0 end) as refund_pending,
        sum(case when kind = 'payment' and not is_pending and is_gift_card then amount else 0 end) as gift_card_paid

    from {{ ref('order_payments') }}
    group by order_id

),

events as (

    select
        order_id,
        sum(case when event = 'paid' then amount else 0 end) as paid,
        sum(case when event = 'refunded' then amount else 0 end) as refunded

    from {{ ref('order_events') }}
    group by order_id

)

select
    orders.order_id,
    orders.amount_paid,
    payments.paid,
    events.paid as paid_by_events,
    orders.amount_refunded,
    payments.refunded,
    events.refunded as refunded_by_events

from {{ ref('orders') }} as orders
left join payments
    on orders.order_id = payments.order_id
left join events
    on orders.order_id = events.order_id
where orders.has_known_currency
    and (
        orders.amount_paid <> coalesce(payments.paid, 0)
        or orders.amount_refunded <> coalesce(payments.refunded, 0)
        or orders.amount_refund_pending <> coalesce(payments.refund_pending, 0)
        or orders.amount_gift_card_paid <> coalesce(payments.gift_card_paid, 0)
        or orders.amount_paid <> coalesce(events.paid, 0)
        or orders.amount_refunded <> coalesce(events.refunded, 0)
    )
