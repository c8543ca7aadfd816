-- What was returned of an order equals the sum of its returns, and of its lines where the line is known, to the cent.
-- Gift cards are left out: they are not sales.
with returns as (

    select
        order_id,
        sum(returns_amount) as returns_amount,
        sum(case when line_id is not null then returns_amount else 0 end) as returns_amount_of_lines,
        sum(case when is_exchange then 0 else returned_units end) as returned_units,
        sum(case when is_exchange then returned_units else 0 end) as exchanged_units

    from {{ ref('returns') }}
    where order_id is not null and not is_gift_card
    group by order_id

),

lines as (

    select
        order_id,
        sum(returns_amount) as returns_amount

    from {{ ref('order_lines') }}
    where line_type <> 'gift_card'
    group by order_id

)

select
    orders.order_id,
    orders.returns_amount,
    returns.returns_amount as returns_amount_of_returns,
    lines.returns_amount as returns_amount_of_lines

from {{ ref('orders') }} as orders
left join returns
    on orders.order_id = returns.order_id
left join lines
    on orders.order_id = lines.order_id
where orders.has_known_currency
    and orders.line_count > 0
    and (
        orders.returns_amount <> coalesce(returns.returns_amount, 0)
        or orders.returned_unit_count <> coalesce(returns.returned_units, 0)
        or orders.exchanged_unit_count <> coalesce(returns.exchanged_units, 0)
        or coalesce(lines.returns_amount, 0) <> coalesce(returns.returns_amount_of_lines, 0)
    )
