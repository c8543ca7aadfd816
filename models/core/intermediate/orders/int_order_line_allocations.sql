-- Grain: one row per order line that gets a part of a discount or a tax that only its order states.
with orders as (

    {% for source_system in ['shopify', 'pos', 'marketplace'] %}
    select
        concat(source_system, ':', source_order_id) as order_id,
        unallocated_discount_amount,
        unallocated_tax_amount

    from {{ ref('int_' ~ source_system ~ '_orders') }}
    where unallocated_discount_amount <> 0 or unallocated_tax_amount <> 0
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

lines as (

    select
        lines.order_id,
        lines.line_id,
        lines.listed_amount,
        lines.discount_amount,
        lines.lacks_tax,
        orders.unallocated_discount_amount,
        orders.unallocated_tax_amount,
        -- More discount goes where there is value left, less discount where there is some. Gift cards have none.
        case
            when lines.line_type = 'gift_card' then 0
            when orders.unallocated_discount_amount > 0
                then greatest(lines.listed_amount - lines.discount_amount, 0)
            else lines.discount_amount
        end as discount_base

    from {{ ref('int_order_lines_stated') }} as lines
    inner join orders
        on lines.order_id = orders.order_id

),

discount_shares as (

    {{ exact_shares('lines', 'order_id', 'line_id', 'unallocated_discount_amount', 'discount_base') }}

),

discounted as (

    select
        lines.order_id,
        lines.line_id,
        coalesce(discount_shares.share, 0) as discount_amount,
        lines.unallocated_tax_amount,
        case
            when lines.lacks_tax
                then greatest(lines.listed_amount - lines.discount_amount - coalesce(discount_shares.share, 0), 0)
            else 0
        end as tax_base

    from lines
    left join discount_shares
        on lines.line_id = discount_shares.line_id

),

tax_shares as (

    {{ exact_shares('discounted', 'order_id', 'line_id', 'unallocated_tax_amount', 'tax_base') }}

),

joined as (

    select
        discounted.line_id,
        discounted.discount_amount,
        coalesce(tax_shares.share, 0) as tax_amount

    from discounted
    left join tax_shares
        on discounted.line_id = tax_shares.line_id

)

select * from joined
where discount_amount <> 0 or tax_amount <> 0
