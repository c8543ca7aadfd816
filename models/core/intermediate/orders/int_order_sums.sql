-- Grain: one row per order of any channel, in its own currency: its stated total and the total of its parts.
-- A view: one cheap pass over tables, so there is nothing to gain from storing it.
{{ config(materialized='view') }}

with orders as (

    select * from {{ ref('int_shopify_orders') }}
    union all
    select * from {{ ref('int_pos_orders') }}
    union all
    select * from {{ ref('int_marketplace_orders') }}

),

lines as (

    select
        order_id,
        sum(listed_amount - discount_amount) as listed_amount,
        sum(tax_amount) as tax_amount

    from {{ ref('int_order_lines_unioned') }}
    group by order_id

),

payments as (

    select
        concat_ws('', 'shopify:', source_order_id) as order_id,
        sum(amount) as paid_amount

    from {{ ref('stg_shopify__transactions') }}
    where status = 'success' and kind in ('sale', 'capture') and not is_test
    group by source_order_id

    union all

    select
        concat_ws('', 'pos:', source_order_id),
        sum(amount)

    from {{ ref('stg_pos__receipt_payments') }}
    group by source_order_id

),

identified as (

    select
        concat_ws('', source_system, ':', source_order_id) as order_id,
        source_system,
        source_order_id,
        channel,
        currency,
        is_tax_included,
        coalesce(is_paid, false) and not is_cancelled and not is_test as is_sale,
        shipping_amount,
        shipping_tax_amount,
        other_charges_amount,
        stated_total

    from orders

),

summed as (

    select
        identified.order_id,
        identified.source_system,
        identified.source_order_id,
        identified.channel,
        identified.currency,
        identified.is_sale,
        identified.stated_total,
        payments.paid_amount,
        lines.listed_amount + identified.shipping_amount + identified.other_charges_amount
        + case when identified.is_tax_included then 0 else lines.tax_amount + identified.shipping_tax_amount end
            as parts_total,
        lines.listed_amount + identified.shipping_amount + identified.other_charges_amount
        - case when identified.is_tax_included then lines.tax_amount + identified.shipping_tax_amount else 0 end
            as net_total

    from identified
    left join lines
        on identified.order_id = lines.order_id
    left join payments
        on identified.order_id = payments.order_id

)

select * from summed
