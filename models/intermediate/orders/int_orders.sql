-- Grain: one row per order of any channel: whose it is, what it came to, and whether it counts as a sale.
with orders as (

    select * from {{ ref('int_orders_unioned') }}

),

totals as (

    select * from {{ ref('int_order_totals') }}

),

identities as (

    select * from {{ ref('int_customer_identities') }}

),

joined as (

    select
        orders.order_id,
        identities.customer_id,
        orders.channel,
        orders.source_system,
        orders.currency,
        orders.payment_method,
        orders.ship_country_code,
        orders.ordered_at,
        orders.ordered_date,
        orders.delivered_at,
        orders.is_paid,
        orders.is_cancelled,
        orders.is_test,
        orders.exchange_rate is not null as has_known_currency,
        coalesce(totals.line_count, 0) as line_count,
        coalesce(totals.unit_count, 0) as unit_count,
        coalesce(totals.returned_unit_count, 0) as returned_unit_count,
        coalesce(totals.gross_revenue, 0) as gross_revenue,
        coalesce(totals.discounts, 0) as discounts,
        coalesce(totals.returns_amount, 0) as returns_amount,
        {{ in_reporting_currency(
            'case when orders.is_tax_included then orders.shipping_amount - orders.shipping_tax_amount'
            ~ ' else orders.shipping_amount end',
            'coalesce(orders.exchange_rate, 0)'
        ) }} as shipping_revenue,
        coalesce(totals.line_tax, 0)
        + {{ in_reporting_currency('orders.shipping_tax_amount', 'coalesce(orders.exchange_rate, 0)') }} as tax,
        coalesce(totals.gift_card_amount, 0) as gift_card_amount,
        {{ in_reporting_currency('orders.marketplace_fee_amount', 'orders.exchange_rate') }} as stated_marketplace_fee,
        coalesce(totals.priced_product_line_count, 0) > 0 as has_priced_product,
        orders.is_marked_refunded
        or (totals.product_revenue > 0 and totals.goods_returned_amount >= totals.product_revenue)
            as is_fully_refunded

    from orders
    left join totals
        on orders.order_id = totals.order_id
    left join identities
        on orders.profile_system = identities.source_system
            and orders.source_profile_id = identities.source_profile_id

),

judged as (

    select
        joined.*,
        case
            when is_test then 'test'
            when is_cancelled then 'cancelled'
            when not coalesce(is_paid, false) then 'not paid'
            when not has_known_currency then 'unknown currency'
            when not has_priced_product then 'no priced product'
            when coalesce(is_fully_refunded, false) then 'fully refunded'
        end as not_counted_reason

    from joined

)

select * from judged
