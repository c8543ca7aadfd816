-- Grain: one row per line of an order that counts, or that caused a cost without counting; for such an order without
-- lines, one row that stands for the order.
with orders as (

    select * from {{ ref('int_order_margin_amounts') }}

),

lines as (

    select * from {{ ref('order_lines') }}
    where line_type <> 'gift_card'

),

shares as (

    select * from {{ ref('int_order_margin_shares') }}

),

returns as (

    select
        line_id,
        cast(sum(returns_amount) as decimal(18, 2)) as returns_amount,
        cast(sum(return_handling_cost) as decimal(18, 2)) as return_handling_cost

    from {{ ref('int_return_costs') }}
    where line_id is not null
    group by line_id

),

of_lines as (

    select
        lines.line_id,
        orders.order_id,
        orders.customer_id,
        orders.channel,
        orders.ordered_date,
        lines.sku,
        lines.category,
        lines.line_type,
        lines.quantity,
        lines.returned_units,
        lines.restocked_units,
        orders.is_counted,
        case when orders.is_counted then lines.gross_revenue else 0 end as gross_revenue,
        case when orders.is_counted then lines.discounts else 0 end as discounts,
        coalesce(returns.returns_amount, 0) + coalesce(shares.returns_amount, 0) as returns_amount,
        coalesce(shares.shipping_revenue, 0) as shipping_revenue,
        case when orders.is_counted then coalesce(lines.cogs, 0) else 0 end as cogs,
        coalesce(shares.shipping_cost, 0) as shipping_cost,
        coalesce(shares.payment_fees, 0) as payment_fees,
        coalesce(shares.marketplace_fees, 0) as marketplace_fees,
        coalesce(returns.return_handling_cost, 0) + coalesce(shares.return_handling_cost, 0) as return_handling_cost,
        coalesce(shares.service_cost, 0) as service_cost,
        orders.is_counted and lines.line_type = 'product' as has_goods,
        lines.has_known_cost,
        orders.missing_costs

    from orders
    inner join lines
        on orders.order_id = lines.order_id
    left join shares
        on lines.line_id = shares.line_id
    left join returns
        on lines.line_id = returns.line_id

),

orders_with_lines as (

    select distinct order_id from lines

),

of_orders as (

    select
        orders.order_id as line_id,
        orders.order_id,
        orders.customer_id,
        orders.channel,
        orders.ordered_date,
        cast(null as {{ dbt.type_string() }}) as sku,
        cast(null as {{ dbt.type_string() }}) as category,
        'order' as line_type,
        cast(0 as bigint) as quantity,
        cast(0 as bigint) as returned_units,
        cast(0 as bigint) as restocked_units,
        orders.is_counted,
        cast(0 as decimal(18, 2)) as gross_revenue,
        cast(0 as decimal(18, 2)) as discounts,
        orders.returns_amount,
        orders.shipping_revenue,
        cast(0 as decimal(18, 2)) as cogs,
        orders.shipping_cost,
        orders.payment_fees,
        orders.marketplace_fees,
        orders.return_handling_cost,
        orders.service_cost,
        false as has_goods,
        false as has_known_cost,
        orders.missing_costs

    from orders
    left join orders_with_lines
        on orders.order_id = orders_with_lines.order_id
    where orders_with_lines.order_id is null

),

unioned as (

    select * from of_lines
    union all
    select * from of_orders

),

final as (

    select
        line_id,
        order_id,
        customer_id,
        channel,
        ordered_date,
        sku,
        category,
        line_type,
        quantity,
        returned_units,
        restocked_units,
        is_counted,
        {{ margin_columns() }},
        cast(case when has_goods then gross_revenue - discounts else 0 end as decimal(18, 2)) as product_revenue,
        cast(case when has_goods and has_known_cost then gross_revenue - discounts else 0 end as decimal(18, 2))
            as revenue_with_known_cost,
        {{ missing_costs_of(["case when has_goods and not has_known_cost then 'goods' end", 'missing_costs']) }}
            as missing_costs

    from unioned

)

select * from final
