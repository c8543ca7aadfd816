-- Grain: one row per till receipt, in the columns that all order systems share.
-- A view: read once, so there is nothing to gain from storing it.
{{ config(materialized='view') }}

with receipts as (

    select * from {{ ref('stg_pos__receipts') }}

),

payments as (

    select
        source_order_id,
        max_by(method, amount) as payment_method

    from {{ ref('stg_pos__receipt_payments') }}
    group by source_order_id

),

shared as (

    select
        'pos' as source_system,
        receipts.source_order_id,
        receipts.sales_channel as channel,
        'pos' as profile_system,
        receipts.source_order_id as source_profile_id,
        receipts.ordered_at,
        receipts.currency,
        coalesce(receipts.prices_include_tax, false) as is_tax_included,
        receipts.is_test,
        receipts.is_cancelled,
        receipts.status = 'completed' as is_paid,
        false as is_marked_refunded,
        -- Goods leave the shop with the customer.
        case when receipts.sales_channel = 'store' then receipts.ordered_at end as delivered_at,
        payments.payment_method,
        receipts.country_code as ship_country_code,
        cast(0 as decimal(18, 4)) as shipping_amount,
        cast(0 as decimal(18, 4)) as shipping_tax_amount,
        cast(null as decimal(18, 4)) as marketplace_fee_amount,
        receipts.total_amount as stated_total,
        receipts.known_at

    from receipts
    left join payments
        on receipts.source_order_id = payments.source_order_id

)

select * from shared
