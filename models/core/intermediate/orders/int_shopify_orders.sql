-- Grain: one row per Shopify order, in the columns that all order systems share.
{{ config(materialized='view') }}

with orders as (

    select * from {{ ref('stg_shopify__orders') }}

),

amounts as (

    select * from {{ ref('int_shopify_order_amounts') }}

),

parcels as (

    select
        source_order_id,
        count(*) as parcel_count,
        count(delivered_at) as delivered_parcel_count,
        max(shipped_at) as last_shipped_at,
        max(delivered_at) as last_delivered_at

    from {{ ref('stg_shopify__fulfillments') }}
    -- A parcel that was cancelled or failed moved nothing.
    where coalesce(status, 'success') not in ('cancelled', 'error', 'failure')
    group by source_order_id

),

with_fulfilment as (

    select
        orders.*,
        parcels.last_shipped_at,
        parcels.last_delivered_at,
        -- The shop states whether everything is packed; the parcels, whether they arrived.
        case
            when orders.fulfillment_status = 'partial' then 'partly'
            when parcels.delivered_parcel_count = parcels.parcel_count then 'delivered'
            when orders.fulfillment_status = 'fulfilled' or parcels.parcel_count > 0 then 'fulfilled'
            else 'unfulfilled'
        end as fulfilment_status

    from orders
    left join parcels
        on orders.source_order_id = parcels.source_order_id

),

shared as (

    select
        'shopify' as source_system,
        orders.source_order_id,
        case when orders.source_name = 'pos' then 'store' else 'online' end as channel,
        case when orders.source_customer_id is not null then 'shopify' else 'shopify_guest' end as profile_system,
        coalesce(orders.source_customer_id, orders.source_order_id) as source_profile_id,
        orders.ordered_at,
        orders.currency,
        coalesce(orders.taxes_included, false) as is_tax_included,
        coalesce(orders.is_test, false) as is_test,
        coalesce(orders.is_cancelled, false) as is_cancelled,
        orders.financial_status in ('paid', 'partially_refunded', 'refunded') as is_paid,
        orders.financial_status = 'refunded' as is_marked_refunded,
        case when orders.fulfilment_status = 'delivered' then orders.last_delivered_at end as delivered_at,
        cast(null as {{ dbt.type_string() }}) as payment_method,
        orders.ship_country_code,
        coalesce(amounts.shipping_amount, 0) as shipping_amount,
        coalesce(amounts.shipping_tax_amount, 0) as shipping_tax_amount,
        cast(null as decimal(18, 4)) as marketplace_fee_amount,
        orders.total_price as stated_total,
        orders.known_at,
        case orders.financial_status
            when 'pending' then 'unpaid'
            when 'authorized' then 'authorised'
            when 'partially_paid' then 'partly paid'
            when 'paid' then 'paid'
            when 'partially_refunded' then 'partly refunded'
            when 'refunded' then 'refunded'
            when 'voided' then 'voided'
            when 'expired' then 'voided'
        end as stated_payment_status,
        orders.fulfilment_status,
        case when orders.fulfilment_status in ('fulfilled', 'delivered') then orders.last_shipped_at end
            as fulfilled_at,
        orders.cancelled_at,
        coalesce(amounts.shipping_discount_amount, 0) as shipping_discount_amount,
        coalesce(orders.total_tip_received, 0) + coalesce(amounts.duties_amount, 0) as other_charges_amount,
        coalesce(amounts.unallocated_discount_amount, 0) as unallocated_discount_amount,
        coalesce(amounts.unallocated_tax_amount, 0) as unallocated_tax_amount

    from with_fulfilment as orders
    left join amounts
        on orders.source_order_id = amounts.source_order_id

)

select * from shared
