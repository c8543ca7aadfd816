-- Grain: one row per money movement of any channel in its own currency, with the reason it does not count, if any.
-- A view: read once, so there is nothing to gain from storing it.
{{ config(materialized='view') }}

with voided as (

    select distinct source_parent_id
    from {{ ref('stg_shopify__transactions') }}
    where kind = 'void' and status = 'success'

),

shopify as (

    select
        concat_ws('', 'shopify:', transactions.source_transaction_id) as payment_id,
        concat_ws('', 'shopify:', transactions.source_order_id) as order_id,
        'shopify' as source_system,
        case
            when transactions.kind in ('sale', 'capture', 'change') then 'payment'
            when transactions.kind in ('authorization', 'emv_authorization') then 'authorisation'
            when transactions.kind = 'refund' then 'refund'
        end as kind,
        transactions.gateway as method,
        transactions.currency,
        -- Change given at a till of the shop is a negative payment.
        case when transactions.kind = 'change' then -transactions.amount else transactions.amount end as amount,
        transactions.processed_at as paid_at,
        transactions.status = 'pending' as is_pending,
        case
            when transactions.is_test then 'test'
            when transactions.kind = 'void' then 'void'
            when transactions.status not in ('success', 'pending') then 'failed'
            when voided.source_parent_id is not null then 'void'
            when transactions.kind not in ('sale', 'capture', 'change', 'authorization', 'emv_authorization', 'refund')
                then 'unknown kind'
        end as left_out_reason

    from {{ ref('stg_shopify__transactions') }} as transactions
    left join voided
        on transactions.source_transaction_id = voided.source_parent_id

),

pos as (

    select
        concat_ws('', 'pos:', payments.source_order_id, ':', cast(payments.payment_number as {{ dbt.type_string() }}))
            as payment_id,
        concat_ws('', 'pos:', payments.source_order_id) as order_id,
        'pos' as source_system,
        case when payments.amount < 0 then 'refund' else 'payment' end as kind,
        payments.method,
        receipts.currency,
        abs(payments.amount) as amount,
        receipts.ordered_at as paid_at,
        false as is_pending,
        case when receipts.is_test then 'test' when receipts.is_cancelled then 'void' end as left_out_reason

    from {{ ref('stg_pos__receipt_payments') }} as payments
    left join {{ ref('stg_pos__receipts') }} as receipts
        on payments.source_order_id = receipts.source_order_id

),

-- A marketplace collects the money and reports no individual payments: one payment of the order's total.
marketplace as (

    select
        orders.order_id as payment_id,
        orders.order_id,
        'marketplace' as source_system,
        'payment' as kind,
        orders.payment_method as method,
        orders.currency,
        charges.order_total as amount,
        orders.ordered_at as paid_at,
        false as is_pending,
        cast(null as {{ dbt.type_string() }}) as left_out_reason

    from {{ ref('int_orders_unioned') }} as orders
    inner join {{ ref('int_order_sums') }} as charges
        on orders.order_id = charges.order_id
    where orders.source_system = 'marketplace' and orders.is_paid

),

-- The shop records refunds as transactions; for other returns the money is in the returns.
refunds as (

    select
        return_id as payment_id,
        order_id,
        'returns' as source_system,
        'refund' as kind,
        cast(null as {{ dbt.type_string() }}) as method,
        currency,
        cast(refund_with_tax as decimal(18, 4)) as amount,
        returned_at as paid_at,
        false as is_pending,
        cast(null as {{ dbt.type_string() }}) as left_out_reason

    from {{ ref('int_returns') }}
    where return_id like 'returns:%' and refund_with_tax > 0

),

unioned as (

    select * from shopify
    union all
    select * from pos
    union all
    select * from marketplace
    union all
    select * from refunds

)

select * from unioned
