-- Grain: one row per order line of any channel, with the price, discount and tax that the line itself states.
-- A view: lines are stored once, with their part of the order's discount.
{{ config(materialized='view') }}

with shopify_discounts as (

    select
        source_line_id,
        sum(amount) as discount_amount

    from {{ ref('stg_shopify__discount_allocations') }}
    group by source_line_id

),

shopify_taxes as (

    select
        source_line_id,
        sum(amount) as tax_amount

    from {{ ref('stg_shopify__tax_lines') }}
    group by source_line_id

),

shopify as (

    select
        'shopify' as source_system,
        concat_ws('', 'shopify:', lines.source_order_id) as order_id,
        concat_ws('', 'shopify:', lines.source_line_id) as line_id,
        lines.sku,
        lines.title as description,
        case when lines.is_gift_card then 'gift_card' else 'product' end as line_type,
        lines.quantity,
        lines.unit_price * lines.quantity as listed_amount,
        -- A shop without allocations still gives the discount of the line itself.
        coalesce(discounts.discount_amount, lines.total_discount, 0) as discount_amount,
        coalesce(taxes.tax_amount, 0) as tax_amount,
        false as is_promotion,
        lines.is_taxable and taxes.source_line_id is null as lacks_tax

    from {{ ref('stg_shopify__order_lines') }} as lines
    left join shopify_discounts as discounts
        on lines.source_line_id = discounts.source_line_id
    left join shopify_taxes as taxes
        on lines.source_line_id = taxes.source_line_id

),

-- Goods have a price; a negative one takes off what other lines cost. Goods given back are negative units.
till_lines as (

    select
        *,
        line_type = 'discount' or (line_type = 'product' and unit_price < 0 and quantity > 0) as is_discount

    from {{ ref('stg_pos__receipt_lines') }}

),

pos as (

    select
        'pos' as source_system,
        concat_ws('', 'pos:', source_order_id) as order_id,
        concat_ws('', 'pos:', source_order_id, ':', cast(line_number as {{ dbt.type_string() }})) as line_id,
        sku,
        description,
        case when is_discount then 'discount' else line_type end as line_type,
        quantity,
        case when is_discount then 0 else unit_price * quantity end as listed_amount,
        case when is_discount then abs(unit_price * quantity) else 0 end + coalesce(discount_amount, 0)
            as discount_amount,
        coalesce(tax_amount, 0) as tax_amount,
        coalesce(is_promotion, false) as is_promotion,
        false as lacks_tax

    from till_lines

),

marketplace as (

    select
        'marketplace' as source_system,
        concat_ws('', 'marketplace:', source_order_id) as order_id,
        concat_ws('', 'marketplace:', source_line_id) as line_id,
        sku,
        title as description,
        'product' as line_type,
        quantity,
        item_price as listed_amount,
        coalesce(promotion_discount, 0) as discount_amount,
        coalesce(item_tax, 0) as tax_amount,
        false as is_promotion,
        false as lacks_tax

    from {{ ref('stg_marketplace__order_items') }}

),

unioned as (

    select * from shopify
    union all
    select * from pos
    union all
    select * from marketplace

)

select * from unioned
