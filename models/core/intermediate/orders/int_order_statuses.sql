-- Grain: one row per order: its payment, fulfilment and overall status on as_of_date.
-- A view: thin over tables, so there is nothing to gain from storing it.
{{ config(materialized='view') }}

with orders as (

    select
        orders.*,
        stated.stated_payment_status,
        stated.fulfilment_status as stated_fulfilment_status,
        charges.order_total,
        coalesce(payments.order_currency_paid, 0) as paid,
        coalesce(payments.order_currency_refunded, 0) as refunded,
        coalesce(payments.order_currency_authorised, 0) as authorised,
        coalesce(payments.payment_count, 0) as payment_count,
        payments.paid_in_full_at,
        payments.last_paid_at,
        payments.first_refunded_at

    from {{ ref('int_orders') }} as orders
    inner join {{ ref('int_orders_unioned') }} as stated
        on orders.order_id = stated.order_id
    inner join {{ ref('int_order_sums') }} as charges
        on orders.order_id = charges.order_id
    left join {{ ref('int_order_payment_totals') }} as payments
        on orders.order_id = payments.order_id

),

-- The order system's own status where it has one; for tills and marketplaces derived from the money.
paid as (

    select
        orders.*,
        case
            when stated_payment_status is not null then stated_payment_status
            when not is_paid and authorised > 0 then 'authorised'
            when not is_paid then 'unpaid'
            when payment_count > 0 and paid < order_total - {{ half_a_cent() }} then 'partly paid'
            else 'paid'
        end as status_before_refunds

    from orders

),

-- Refunded money counts even when the source has not sent the order again since.
with_statuses as (

    select
        paid.*,
        case
            when status_before_refunds not in ('paid', 'partly paid', 'partly refunded') or refunded <= 0
                then status_before_refunds
            when refunded >= case when payment_count > 0 then paid else order_total end - {{ half_a_cent() }}
                then 'refunded'
            when status_before_refunds = 'partly paid' then 'partly paid'
            else 'partly refunded'
        end as payment_status,
        case
            when stated_fulfilment_status in ('fulfilled', 'delivered')
                and unit_count > 0 and returned_unit_count >= unit_count then 'returned'
            else stated_fulfilment_status
        end as fulfilment_status

    from paid

),

final as (

    select
        order_id,
        payment_status,
        fulfilment_status,
        -- The first condition that holds.
        case
            when is_test then 'test'
            when is_cancelled or payment_status = 'voided' then 'cancelled'
            when payment_status = 'refunded' or is_fully_refunded then 'refunded'
            when fulfilment_status = 'returned' then 'returned'
            when payment_status in ('unpaid', 'authorised', 'partly paid') then 'awaiting payment'
            when payment_status = 'partly refunded' then 'partly refunded'
            when fulfilment_status = 'delivered' then 'delivered'
            when fulfilment_status = 'fulfilled' then 'fulfilled'
            when fulfilment_status = 'partly' then 'partly fulfilled'
            else 'paid'
        end as order_status,
        case
            when payment_status not in ('paid', 'partly refunded', 'refunded') then null
            -- A till takes the money before it prints the receipt.
            when payment_count = 0 and source_system = 'pos' then ordered_at
            else coalesce(paid_in_full_at, last_paid_at)
        end as paid_at,
        first_refunded_at

    from with_statuses

)

select * from final
