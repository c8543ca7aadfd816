-- An order without an exchange rate has no amounts at all, and does not count; an order with one has them all.
select
    order_id,
    currency,
    has_known_currency,
    net_revenue,
    not_counted_reason

from {{ ref('orders') }}
where has_known_currency <> (net_revenue is not null)
    or has_known_currency <> (gross_revenue is not null)
    or has_known_currency <> (order_total is not null)
    or has_known_currency <> (tax is not null)
    or (not has_known_currency and is_counted)
