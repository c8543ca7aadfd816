-- Grain: one row per order: what makes up its total, in the order's currency, next to the total its source states.
with orders as (

    select * from {{ ref('int_orders_unioned') }}

),

lines as (

    select
        order_id,
        count(*) as line_count,
        sum(listed_amount) as listed_amount,
        sum(discount_amount) as discount_amount,
        sum(tax_amount) as line_tax_amount

    from {{ ref('int_order_lines_unioned') }}
    group by order_id

),

joined as (

    select
        orders.order_id,
        orders.source_system,
        orders.currency,
        orders.exchange_rate,
        orders.is_tax_included,
        coalesce(lines.line_count, 0) as line_count,
        coalesce(lines.listed_amount, 0) as listed_amount,
        coalesce(lines.discount_amount, 0) as discount_amount,
        coalesce(lines.line_tax_amount, 0) as line_tax_amount,
        orders.shipping_amount,
        orders.shipping_discount_amount,
        orders.shipping_tax_amount,
        orders.other_charges_amount,
        orders.stated_total

    from orders
    left join lines
        on orders.order_id = lines.order_id

),

summed as (

    select
        joined.*,
        listed_amount - discount_amount + shipping_amount + other_charges_amount
        -- Where prices include tax it is in the lines and the shipping already.
        + case when is_tax_included then 0 else line_tax_amount + shipping_tax_amount end as computed_total

    from joined

),

final as (

    select
        summed.*,
        cast(coalesce(stated_total, computed_total) as decimal(18, 4)) as order_total

    from summed

)

select * from final
