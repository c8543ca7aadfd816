-- Grain: one row per marketplace order, in the columns that all order systems share.
-- A view: read once, so there is nothing to gain from storing it.
{{ config(materialized='view') }}

with orders as (

    select * from {{ ref('stg_marketplace__orders') }}

),

shared as (

    select
        'marketplace' as source_system,
        source_order_id,
        'marketplace' as channel,
        'marketplace' as profile_system,
        buyer_id as source_profile_id,
        ordered_at,
        currency,
        false as is_tax_included,
        false as is_test,
        is_cancelled,
        status in ('unshipped', 'shipped', 'delivered') as is_paid,
        false as is_marked_refunded,
        case when status = 'delivered' then delivered_at end as delivered_at,
        marketplace as payment_method,
        ship_country_code,
        coalesce(shipping_amount, 0) as shipping_amount,
        coalesce(shipping_tax_amount, 0) as shipping_tax_amount,
        -- Not stated is unknown, not free: the cost assumptions apply.
        commission_amount as marketplace_fee_amount,
        cast(null as decimal(18, 4)) as stated_total,
        known_at,
        case when is_cancelled then 'voided' when status = 'pending' then 'unpaid' end as stated_payment_status,
        case status
            when 'shipped' then 'fulfilled'
            when 'delivered' then 'delivered'
            else 'unfulfilled'
        end as fulfilment_status,
        case when status in ('shipped', 'delivered') then shipped_at end as fulfilled_at,
        -- A cancellation without a time of its own is dated by when it became known.
        case when is_cancelled then coalesce(cancelled_at, known_at) end as cancelled_at,
        coalesce(shipping_discount_amount, 0) as shipping_discount_amount,
        cast(0 as decimal(18, 4)) as other_charges_amount,
        coalesce(promotion_discount, 0) as unallocated_discount_amount,
        cast(0 as decimal(18, 4)) as unallocated_tax_amount

    from orders

)

select * from shared
