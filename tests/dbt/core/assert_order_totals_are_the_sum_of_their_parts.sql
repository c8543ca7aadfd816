-- The total of an order equals its revenue, tax, other charges and gift cards in the marts, where the parts stated by
-- its source add up to its total; each part is rounded to a cent once.
select
    orders.order_id,
    orders.order_total,
    orders.gross_revenue,
    orders.discounts,
    orders.shipping_revenue,
    orders.tax,
    orders.other_charges,
    orders.gift_card_amount

from {{ ref('orders') }} as orders
inner join {{ ref('int_order_reconciliation') }} as reconciliation
    on orders.order_id = reconciliation.order_id
where orders.has_known_currency
    and reconciliation.total_state in ('agrees', 'agrees with duties', 'not stated')
    and abs(
        orders.order_total
        - (
            orders.gross_revenue - orders.discounts + orders.shipping_revenue + orders.tax + orders.other_charges
            + orders.gift_card_amount
        )
    ) > 0.03 + 0.0101 * orders.line_count
