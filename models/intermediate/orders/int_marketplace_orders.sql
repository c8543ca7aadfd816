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
        cast(null as {{ dbt.type_timestamp() }}) as delivered_at,
        marketplace as payment_method,
        ship_country_code,
        coalesce(shipping_amount, 0) as shipping_amount,
        coalesce(shipping_tax_amount, 0) as shipping_tax_amount,
        coalesce(commission_amount, 0) as marketplace_fee_amount,
        cast(null as decimal(18, 4)) as stated_total,
        known_at

    from orders

)

select * from shared
