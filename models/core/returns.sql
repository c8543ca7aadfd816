-- Grain: one row per refunded or returned line, or refund without a line, in the reporting currency without tax.
with returns as (

    select * from {{ ref('int_returns') }}

),

orders as (

    select * from {{ ref('int_orders') }}

),

-- Of returns without an order: those booked under a customer number, and refund receipts of the tills.
unlinked as (

    select
        profile_key,
        customer_id

    from {{ ref('int_customer_identities') }}
    where source_system in ('returns', 'pos')

),

joined as (

    select
        returns.return_id,
        returns.order_id,
        returns.line_id,
        coalesce(orders.customer_id, unlinked.customer_id) as customer_id,
        returns.sku,
        returns.return_kind,
        returns.reason_code,
        returns.returned_at,
        returns.returned_date,
        cast(returns.returned_units as bigint) as returned_units,
        cast(returns.returns_amount as decimal(18, 2)) as returns_amount,
        coalesce(returns.is_restocked, false) as is_restocked,
        -- A return counts with the order it belongs to; one without an order always counts, and one of
        -- replacement goods reverses the sale of the original order. A gift card was never a sale in the first place.
        (orders.not_counted_reason is null or orders.not_counted_reason = 'exchange')
        and not coalesce(returns.is_gift_card, false) as is_counted,
        coalesce(returns.is_exchange, false) as is_exchange,
        cast(returns.returns_tax as decimal(18, 2)) as returns_tax,
        coalesce(returns.is_handled, false) as is_handled,
        coalesce(returns.is_gift_card, false) as is_gift_card

    from returns
    left join orders
        on returns.order_id = orders.order_id
    left join unlinked
        on returns.unlinked_profile_key = unlinked.profile_key

)

select * from joined
