-- Grain: one row per order: whether its parts add up to its total, and its money agrees with its payment status.
-- A view: a few joins by order, so there is little to gain from storing it.
{{ config(materialized='view') }}

with charges as (

    select * from {{ ref('int_order_sums') }}

),

payments as (

    select * from {{ ref('int_order_payment_totals') }}

),

statuses as (

    select * from {{ ref('int_order_statuses') }}

),

joined as (

    select
        charges.*,
        statuses.payment_status,
        coalesce(payments.payment_count, 0) as payment_count,
        coalesce(payments.order_currency_paid, 0) as paid,
        coalesce(payments.order_currency_refunded, 0) as refunded,
        coalesce(payments.order_currency_refund_pending, 0) as refund_pending,
        charges.stated_total - charges.computed_total as total_difference,
        coalesce(amounts.has_assumed_duties, false) as has_assumed_duties

    from charges
    inner join statuses
        on charges.order_id = statuses.order_id
    left join payments
        on charges.order_id = payments.order_id
    left join {{ ref('int_shopify_order_amounts') }} as amounts
        on charges.source_system = 'shopify'
            and charges.source_order_id = amounts.source_order_id

),

-- The lowest and the highest amount of money kept that the status allows.
expected as (

    select
        joined.*,
        paid - refunded as kept,
        case
            when payment_status = 'paid' then order_total - exchange_credit_amount
            -- Of a refund receipt of a till, whose total is below zero, nothing is kept.
            when payment_status = 'refunded' then least(order_total, 0)
            else 0
        end as lowest_kept,
        case
            when payment_status in ('paid', 'partly paid', 'partly refunded') then order_total - exchange_credit_amount
            -- A refund issued but not paid out yet is still kept.
            when payment_status = 'refunded' then refund_pending + least(order_total, 0)
            else 0
        end as highest_kept

    from joined

),

compared as (

    select
        expected.*,
        case
            when stated_total is null then 'not stated'
            when line_count = 0 then 'no lines'
            when abs(total_difference) <= {{ rounding_tolerance() }} and has_assumed_duties then 'agrees with duties'
            when abs(total_difference) <= {{ rounding_tolerance() }} then 'agrees'
            else 'differs'
        end as total_state,
        cast(
            case
                when kept < lowest_kept then kept - lowest_kept
                when kept > highest_kept then kept - highest_kept
                else 0
            end as decimal(18, 4)
        ) as payment_difference

    from expected

),

final as (

    select
        compared.*,
        case
            when payment_count = 0 and highest_kept > 0 then 'no payment known'
            when abs(payment_difference) <= {{ rounding_tolerance() }} then 'agrees'
            else 'differs'
        end as payment_state

    from compared

)

select * from final
