-- The discount of a web-shop order, as the order states it, is the sum of its lines' discounts, to the cent.
-- Only for orders whose lines are complete and whose goods are worth at least the discount.
{{ config(group='core') }}
with lines as (

    select
        order_id,
        sum(listed_amount) as listed_amount,
        sum(discount_amount) as discount_amount,
        sum(case when line_type <> 'gift_card' then greatest(listed_amount, discount_amount) else 0 end) as max_discount

    from {{ ref('int_order_lines_unioned') }}
    group by order_id

),

orders as (

    select
        concat_ws('', 'shopify:', source_order_id) as order_id,
        total_line_items_price,
        coalesce(total_line_items_price - subtotal_price, total_discounts) as stated_discount

    from {{ ref('stg_shopify__orders') }}

)

select
    orders.order_id,
    orders.stated_discount,
    lines.discount_amount

from orders
inner join lines
    on orders.order_id = lines.order_id
where orders.stated_discount <> lines.discount_amount
    and abs(lines.listed_amount - coalesce(orders.total_line_items_price, lines.listed_amount)) < 0.005
    and orders.stated_discount between 0 and lines.max_discount
