-- Grain: one row per order of any channel: its customer, its amounts, and whether it counts as a sale.
with orders as (

    select * from {{ ref('int_orders_unioned') }}

),

totals as (

    select * from {{ ref('int_order_totals') }}

),

identities as (

    select * from {{ ref('int_customer_identities') }}

),

exchanges as (

    select * from {{ ref('int_exchange_orders') }}

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
        orders.fulfilled_at,
        orders.delivered_at,
        orders.cancelled_at,
        orders.is_paid,
        orders.is_cancelled,
        orders.is_test,
        orders.exchange_rate,
        orders.exchange_rate is not null as has_known_currency,
        exchanges.order_id is not null as is_exchange,
        exchanges.original_order_id,
        -- Where the original order keeps the sale, its replacement is not one.
        coalesce(exchanges.original_keeps_the_sale, false) as is_replacement_only,
        coalesce(totals.line_count, 0) as line_count,
        coalesce(totals.unit_count, 0) as unit_count,
        coalesce(totals.returned_unit_count, 0) as returned_unit_count,
        coalesce(totals.exchanged_unit_count, 0) as exchanged_unit_count,
        -- Without an exchange rate an amount is unknown, not zero.
        {% for amount in ['gross_revenue', 'discounts', 'returns_amount', 'gift_card_amount'] %}
        case when orders.exchange_rate is not null then coalesce(totals.{{ amount }}, 0) end as {{ amount }},
        {% endfor %}
        {{ in_reporting_currency(
            'case when orders.is_tax_included then orders.shipping_amount - orders.shipping_tax_amount'
            ~ ' else orders.shipping_amount end',
            'orders.exchange_rate'
        ) }} as shipping_revenue,
        {{ in_reporting_currency('orders.shipping_discount_amount', 'orders.exchange_rate') }} as shipping_discounts,
        coalesce(totals.line_tax, 0)
        + {{ in_reporting_currency('orders.shipping_tax_amount', 'orders.exchange_rate') }} as tax,
        {{ in_reporting_currency('orders.other_charges_amount', 'orders.exchange_rate') }} as other_charges,
        {{ in_reporting_currency('orders.marketplace_fee_amount', 'orders.exchange_rate') }} as stated_marketplace_fee,
        coalesce(totals.priced_product_line_count, 0) > 0 as has_priced_product,
        orders.is_marked_refunded
        or (
            totals.product_revenue > 0
            and totals.goods_returned_amount >= totals.product_revenue
            -- Where a fee was kept, the fee is revenue.
            and coalesce(totals.kept_fee_amount, 0) <= {{ rounding_tolerance() }}
        ) as is_fully_refunded,
        -- At a till, goods given back for money, on a receipt of their own.
        coalesce(orders.source_system = 'pos' and orders.stated_total < 0 and totals.unit_count < 0, false)
            as is_refund_receipt

    from orders
    left join totals
        on orders.order_id = totals.order_id
    left join identities
        on orders.profile_system = identities.source_system
            and orders.source_profile_id = identities.source_profile_id
    left join exchanges
        on orders.order_id = exchanges.order_id

),

classified as (

    select
        joined.*,
        case
            when is_test then 'test'
            when is_cancelled then 'cancelled'
            when is_replacement_only then 'exchange'
            when not coalesce(is_paid, false) then 'not paid'
            when not has_known_currency then 'unknown currency'
            when not has_priced_product and is_refund_receipt then 'refund receipt'
            when not has_priced_product then 'no priced product'
            when coalesce(is_fully_refunded, false) then 'fully refunded'
        end as not_counted_reason

    from joined

)

select * from classified
