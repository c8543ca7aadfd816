-- Grain: one row per Shopify order with shipping: what was charged before and after discounts, in the order's currency.
-- A view: read once, so there is nothing to gain from storing it.
{{ config(materialized='view') }}

with orders as (

    select
        source_order_id,
        -- What the order states beyond the discount on its goods.
        nullif(greatest(total_discounts - (total_line_items_price - subtotal_price), 0), 0) as other_discount_amount

    from {{ ref('stg_shopify__orders') }}

),

lines as (

    select
        source_order_id,
        sum(price) as shipping_price,
        sum(discounted_price) as discounted_price

    from {{ ref('stg_shopify__order_shipping_lines') }}
    group by source_order_id

),

-- Discounts on shipping, which the shipping line's own discounted price may leave out.
discounts as (

    select
        source_order_id,
        sum(case when value_type = 'percentage' then value else 0 end) as percentage,
        sum(case when value_type = 'fixed_amount' then value else 0 end) as fixed_amount

    from {{ ref('stg_shopify__discount_applications') }}
    where target_type = 'shipping_line'
    group by source_order_id

),

joined as (

    select
        lines.source_order_id,
        lines.shipping_price,
        lines.discounted_price,
        -- The amount that the order states comes first: a value may be in the customer's currency.
        case
            when discounts.source_order_id is not null
                then
                    coalesce(
                        orders.other_discount_amount,
                        {{ to_cents('cast(lines.shipping_price as double) * discounts.percentage / 100') }}
                        + discounts.fixed_amount
                    )
            else 0
        end as discount_amount

    from lines
    left join orders
        on lines.source_order_id = orders.source_order_id
    left join discounts
        on lines.source_order_id = discounts.source_order_id

),

final as (

    select
        source_order_id,
        cast(shipping_price as decimal(18, 4)) as shipping_price,
        cast(discounted_price as decimal(18, 4)) as discounted_price,
        cast(least(discounted_price, greatest(shipping_price - discount_amount, 0)) as decimal(18, 4))
            as shipping_amount

    from joined

)

select * from final
