-- Grain: one row per order line of any channel, in the order's currency, with its part of what only the order states.
with lines as (

    select * from {{ ref('int_order_lines_stated') }}

),

allocations as (

    select * from {{ ref('int_order_line_allocations') }}

),

joined as (

    select
        lines.order_id,
        lines.line_id,
        lines.sku,
        lines.description,
        lines.line_type,
        lines.quantity,
        lines.listed_amount,
        lines.discount_amount + coalesce(allocations.discount_amount, 0) as discount_amount,
        lines.tax_amount + coalesce(allocations.tax_amount, 0) as tax_amount,
        lines.is_promotion
        or lines.discount_amount + coalesce(allocations.discount_amount, 0) > 0 as is_promoted

    from lines
    left join allocations
        on lines.line_id = allocations.line_id

)

select * from joined
