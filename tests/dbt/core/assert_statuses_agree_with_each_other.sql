-- The three statuses, the times and the money of an order tell one story.
select
    order_id,
    order_status,
    payment_status,
    fulfilment_status,
    not_counted_reason,
    paid_at,
    first_refunded_at

from {{ ref('orders') }}
where (is_counted and payment_status in ('unpaid', 'authorised', 'voided'))
    or (is_counted and order_status in ('test', 'cancelled'))
    or (is_test <> (order_status = 'test'))
    or (is_cancelled and order_status not in ('cancelled', 'test'))
    or (is_cancelled <> (cancelled_at is not null))
    or (paid_at is not null and payment_status in ('unpaid', 'authorised', 'partly paid', 'voided'))
    or (amount_refunded > 0 and payment_status = 'paid')
    or (amount_refunded <> 0 and first_refunded_at is null)
    or (delivered_at is not null and fulfilment_status not in ('delivered', 'returned'))
    or (is_exchange and original_order_id = order_id)
