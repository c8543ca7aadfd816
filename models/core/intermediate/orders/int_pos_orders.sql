-- Grain: one row per till receipt, in the columns that all order systems share.
-- A view: read once, so there is nothing to gain from storing it.
{{ config(materialized='view') }}

with receipts as (

    select
        *,
        -- Goods leave the store with the customer. For telephone and mail orders the till reports no fulfilment.
        sales_channel = 'store' and status = 'completed' as is_handed_over

    from {{ ref('stg_pos__receipts') }}

),

shared as (

    select
        'pos' as source_system,
        source_order_id,
        sales_channel as channel,
        'pos' as profile_system,
        source_order_id as source_profile_id,
        ordered_at,
        currency,
        coalesce(prices_include_tax, false) as is_tax_included,
        is_test,
        is_cancelled,
        status = 'completed' as is_paid,
        false as is_marked_refunded,
        case when is_handed_over then ordered_at end as delivered_at,
        cast(null as {{ dbt.type_string() }}) as payment_method,
        country_code as ship_country_code,
        cast(0 as decimal(18, 4)) as shipping_amount,
        cast(0 as decimal(18, 4)) as shipping_tax_amount,
        cast(null as decimal(18, 4)) as marketplace_fee_amount,
        total_amount as stated_total,
        known_at,
        case when is_cancelled then 'voided' when is_test then 'unpaid' end as stated_payment_status,
        case
            when is_handed_over then 'delivered'
            when status <> 'completed' then 'unfulfilled'
        end as fulfilment_status,
        case when is_handed_over then ordered_at end as fulfilled_at,
        -- A receipt is voided at the till while it is being made.
        case when is_cancelled then ordered_at end as cancelled_at,
        cast(0 as decimal(18, 4)) as shipping_discount_amount,
        coalesce(tip_amount, 0) + coalesce(rounding_amount, 0) as other_charges_amount,
        coalesce(discount_amount, 0) as unallocated_discount_amount,
        cast(0 as decimal(18, 4)) as unallocated_tax_amount

    from receipts

)

select * from shared
