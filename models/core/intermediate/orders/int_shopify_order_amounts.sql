-- Grain: one row per Shopify order: its stated discount, tax and shipping, split into what its lines already state,
-- what belongs to shipping, and what remains to be allocated to the lines; and its import duties.
with orders as (

    select * from {{ ref('stg_shopify__orders') }}

),

lines as (

    select
        order_id,
        sum(listed_amount) as listed_amount,
        sum(discount_amount) as discount_amount,
        sum(tax_amount) as tax_amount,
        sum(case when line_type <> 'gift_card' then greatest(listed_amount - discount_amount, 0) else 0 end)
            as discountable_value,
        -- Value that may carry tax stated only on the order.
        sum(case when lacks_tax then greatest(listed_amount - discount_amount, 0) else 0 end) as value_without_tax

    from {{ ref('int_order_lines_stated') }}
    group by order_id

),

shipping as (

    select * from {{ ref('int_shopify_shipping') }}

),

measured as (

    select
        orders.source_order_id,
        coalesce(shipping.shipping_amount, 0) as shipping_amount,
        coalesce(shipping.shipping_price - shipping.shipping_amount, 0) as shipping_discount_amount,
        lines.discountable_value,
        lines.value_without_tax,
        greatest(coalesce(orders.total_tax, 0) - coalesce(lines.tax_amount, 0), 0) as tax_left,
        orders.total_duties,
        -- What the total holds beyond goods, tax, tip and shipping, even shipping that was not delivered.
        orders.total_price - orders.subtotal_price - coalesce(orders.total_tip_received, 0)
        - case when orders.taxes_included then 0 else coalesce(orders.total_tax, 0) end
        - coalesce(shipping.shipping_amount, 0)
        - greatest(coalesce(orders.total_shipping_price - coalesce(shipping.shipping_price, 0), 0), 0) as total_left,
        -- Only where no line is missing: a missing line's discount must not fall on the others.
        case
            when abs(lines.listed_amount - coalesce(orders.total_line_items_price, lines.listed_amount))
                < {{ half_a_cent() }}
                then
                    coalesce(
                        orders.total_line_items_price - orders.subtotal_price,
                        -- Less a discount on shipping that the shipping line leaves out.
                        orders.total_discounts - coalesce(shipping.discounted_price - shipping.shipping_amount, 0)
                    ) - lines.discount_amount
        end as discount_left

    from orders
    left join lines
        on concat_ws('', 'shopify:', orders.source_order_id) = lines.order_id
    left join shipping
        on orders.source_order_id = shipping.source_order_id

),

-- Tax is charged on what is left after the discount.
discounted as (

    select
        measured.*,
        coalesce(
            cast(value_without_tax as double)
            * (1 - cast(greatest(coalesce(discount_left, 0), 0) as double) / nullif(discountable_value, 0)),
            0
        ) as taxable_value

    from measured

),

-- The shop states tax per line; the rest of the order's tax is the tax on shipping, unless a taxable line has none:
-- then they share it by value.
split as (

    select
        discounted.*,
        case
            when shipping_amount <= 0 then 0
            when taxable_value > 0
                then
                    {{ to_cents(
                        'cast(tax_left as double) * shipping_amount / (shipping_amount + taxable_value)'
                    ) }}
            else least(tax_left, shipping_amount)
        end as shipping_tax_amount

    from discounted

),

final as (

    select
        source_order_id,
        shipping_amount,
        shipping_discount_amount,
        shipping_tax_amount,
        -- Where the order does not state its duties and no line is missing, what is left of the total is duties.
        coalesce(
            total_duties,
            case when discount_left is not null and total_left > {{ rounding_tolerance() }} then total_left end,
            0
        ) as duties_amount,
        coalesce(total_duties is null and discount_left is not null and total_left > {{ rounding_tolerance() }}, false)
            as has_assumed_duties,
        case when taxable_value > 0 then tax_left - shipping_tax_amount else 0 end as unallocated_tax_amount,
        coalesce(discount_left, 0) as unallocated_discount_amount

    from split

)

select * from final
