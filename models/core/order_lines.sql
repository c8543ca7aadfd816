-- Grain: one row per order line, amounts without tax in the reporting currency, with the cost of what was kept.
with lines as (

    select * from {{ ref('int_order_line_costs') }}

),

orders as (

    select * from {{ ref('orders') }}

),

joined as (

    select
        lines.line_id,
        lines.order_id,
        orders.customer_id,
        lines.sku,
        lines.category,
        lines.line_type,
        lines.ordered_date,
        cast(lines.quantity as bigint) as quantity,
        cast(lines.returned_units as bigint) as returned_units,
        cast(lines.restocked_units as bigint) as restocked_units,
        cast(lines.gross_revenue as decimal(18, 2)) as gross_revenue,
        cast(lines.discounts as decimal(18, 2)) as discounts,
        cast(lines.discounted_revenue as decimal(18, 2)) as discounted_revenue,
        cast(lines.returns_amount as decimal(18, 2)) as returns_amount,
        cast(lines.tax as decimal(18, 2)) as tax,
        cast(lines.cogs as decimal(18, 2)) as cogs,
        lines.has_known_cost,
        lines.is_promoted,
        orders.is_counted,
        cast(lines.cogs_saved as decimal(18, 2)) as cogs_saved,
        lines.restocked_date

    from lines
    inner join orders
        on lines.order_id = orders.order_id

)

select * from joined
