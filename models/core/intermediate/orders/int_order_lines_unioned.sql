-- Grain: one row per order line of any channel, in the order's currency, with its share of order-level amounts.
with lines as (

    select * from {{ ref('int_order_lines_stated') }}

),

orders as (

    {% for source_system in ['shopify', 'pos', 'marketplace'] %}
    select
        concat_ws('', source_system, ':', source_order_id) as order_id,
        unallocated_discount_amount,
        unallocated_tax_amount

    from {{ ref('int_' ~ source_system ~ '_orders') }}
    where unallocated_discount_amount <> 0 or unallocated_tax_amount <> 0
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

-- Lines of orders that state a discount or a tax of their own.
shared as (

    select
        lines.order_id,
        lines.line_id,
        lines.listed_amount,
        lines.discount_amount,
        lines.lacks_tax,
        orders.unallocated_discount_amount,
        orders.unallocated_tax_amount,
        -- Extra discount goes to lines with value left, less discount to lines that have some. Gift cards get none.
        case
            when lines.line_type = 'gift_card' then 0
            when orders.unallocated_discount_amount > 0
                then greatest(lines.listed_amount - lines.discount_amount, 0)
            else lines.discount_amount
        end as discount_base

    from lines
    inner join orders
        on lines.order_id = orders.order_id

),

discount_shares as (

    {{ exact_shares('shared', 'order_id', 'line_id', 'unallocated_discount_amount', 'discount_base') }}

),

discounted as (

    select
        shared.order_id,
        shared.line_id,
        coalesce(discount_shares.share, 0) as discount_amount,
        shared.unallocated_tax_amount,
        case
            when shared.lacks_tax
                then greatest(shared.listed_amount - shared.discount_amount - coalesce(discount_shares.share, 0), 0)
            else 0
        end as tax_base

    from shared
    left join discount_shares
        on shared.line_id = discount_shares.line_id

),

tax_shares as (

    {{ exact_shares('discounted', 'order_id', 'line_id', 'unallocated_tax_amount', 'tax_base') }}

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
        lines.discount_amount + coalesce(discounted.discount_amount, 0) as discount_amount,
        lines.tax_amount + coalesce(tax_shares.share, 0) as tax_amount,
        lines.is_promotion
        or lines.discount_amount + coalesce(discounted.discount_amount, 0) > 0 as is_promoted

    from lines
    left join discounted
        on lines.line_id = discounted.line_id
    left join tax_shares
        on lines.line_id = tax_shares.line_id

)

select * from joined
