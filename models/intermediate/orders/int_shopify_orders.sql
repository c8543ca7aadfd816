-- Grain: one row per Shopify order, in the columns that all order systems share.
-- A view: read once, so there is nothing to gain from storing it.
{{ config(materialized='view') }}

with orders as (

    select * from {{ ref('stg_shopify__orders') }}

),

line_taxes as (

    select
        lines.source_order_id,
        sum(taxes.amount) as tax_amount

    from {{ ref('stg_shopify__tax_lines') }} as taxes
    inner join {{ ref('stg_shopify__order_lines') }} as lines
        on taxes.source_line_id = lines.source_line_id
    group by lines.source_order_id

),

shipping as (

    select
        source_order_id,
        sum(discounted_price) as shipping_amount

    from {{ ref('stg_shopify__order_shipping_lines') }}
    group by source_order_id

),

deliveries as (

    select
        source_order_id,
        max(delivered_at) as delivered_at

    from {{ ref('stg_shopify__fulfillments') }}
    group by source_order_id

),

payments as (

    select
        source_order_id,
        max_by(gateway, amount) as payment_method

    from {{ ref('stg_shopify__transactions') }}
    where status = 'success' and kind in ('sale', 'capture') and not is_test
    group by source_order_id

),

shared as (

    select
        'shopify' as source_system,
        orders.source_order_id,
        'online' as channel,
        case when orders.source_customer_id is not null then 'shopify' else 'shopify_guest' end as profile_system,
        coalesce(orders.source_customer_id, orders.source_order_id) as source_profile_id,
        orders.ordered_at,
        orders.currency,
        coalesce(orders.taxes_included, false) as is_tax_included,
        coalesce(orders.is_test, false) as is_test,
        coalesce(orders.is_cancelled, false) as is_cancelled,
        orders.financial_status in ('paid', 'partially_refunded', 'refunded') as is_paid,
        orders.financial_status = 'refunded' as is_marked_refunded,
        deliveries.delivered_at,
        payments.payment_method,
        orders.ship_country_code,
        coalesce(shipping.shipping_amount, 0) as shipping_amount,
        -- The shop gives tax per line; what is left of the order's tax is the tax on shipping.
        case
            when shipping.shipping_amount > 0
                then greatest(coalesce(orders.total_tax, 0) - coalesce(line_taxes.tax_amount, 0), 0)
            else 0
        end as shipping_tax_amount,
        cast(null as decimal(18, 4)) as marketplace_fee_amount,
        orders.total_price as stated_total,
        orders.known_at

    from orders
    left join line_taxes
        on orders.source_order_id = line_taxes.source_order_id
    left join shipping
        on orders.source_order_id = shipping.source_order_id
    left join deliveries
        on orders.source_order_id = deliveries.source_order_id
    left join payments
        on orders.source_order_id = payments.source_order_id

)

select * from shared
