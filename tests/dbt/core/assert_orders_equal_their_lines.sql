-- Every order's amounts equal the sum of its lines, to the cent.
with lines as (

    select
        order_id,
        sum(case when line_type <> 'gift_card' then coalesce(gross_revenue, 0) else 0 end) as gross_revenue,
        sum(case when line_type <> 'gift_card' then coalesce(discounts, 0) else 0 end) as discounts

    from {{ ref('order_lines') }}
    group by order_id

)

select
    orders.order_id,
    orders.gross_revenue,
    lines.gross_revenue as gross_revenue_of_lines,
    orders.discounts,
    lines.discounts as discounts_of_lines

from {{ ref('orders') }} as orders
left join lines
    on orders.order_id = lines.order_id
where orders.gross_revenue <> coalesce(lines.gross_revenue, 0)
    or orders.discounts <> coalesce(lines.discounts, 0)
