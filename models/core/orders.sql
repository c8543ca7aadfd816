-- Grain: one row per order of any channel, amounts without tax in the reporting currency.
with orders as (

    select * from {{ ref('int_orders') }}

),

ranked as (

    select
        order_id,
        row_number() over (partition by customer_id order by ordered_at nulls last, order_id) as customer_order_number

    from orders
    where not_counted_reason is null and customer_id is not null

),

statuses as (

    select * from {{ ref('int_order_statuses') }}

),

payments as (

    select * from {{ ref('int_order_payment_totals') }}

),

charges as (

    select * from {{ ref('int_order_sums') }}

),

final as (

    select
        orders.order_id,
        orders.customer_id,
        orders.channel,
        orders.ordered_at,
        orders.ordered_date,
        orders.delivered_at,
        orders.source_system,
        orders.currency,
        -- The source's statement takes precedence over the method with the largest amount paid.
        coalesce(orders.payment_method, payments.payment_method) as payment_method,
        orders.ship_country_code,
        cast(ranked.customer_order_number as bigint) as customer_order_number,
        cast(orders.line_count as bigint) as line_count,
        cast(orders.unit_count as bigint) as unit_count,
        cast(orders.returned_unit_count as bigint) as returned_unit_count,
        cast(orders.gross_revenue as decimal(18, 2)) as gross_revenue,
        cast(orders.discounts as decimal(18, 2)) as discounts,
        cast(orders.returns_amount as decimal(18, 2)) as returns_amount,
        cast(orders.shipping_revenue as decimal(18, 2)) as shipping_revenue,
        cast(
            orders.gross_revenue - orders.discounts - orders.returns_amount + orders.shipping_revenue
            as decimal(18, 2)
        ) as net_revenue,
        cast(orders.tax as decimal(18, 2)) as tax,
        cast(orders.gift_card_amount as decimal(18, 2)) as gift_card_amount,
        orders.is_test,
        orders.is_cancelled,
        coalesce(orders.is_fully_refunded, false) as is_fully_refunded,
        orders.not_counted_reason is null as is_counted,
        orders.not_counted_reason,
        statuses.order_status,
        statuses.payment_status,
        statuses.fulfilment_status,
        statuses.paid_at,
        orders.fulfilled_at,
        orders.cancelled_at,
        statuses.first_refunded_at,
        orders.original_order_id,
        cast(orders.exchanged_unit_count as bigint) as exchanged_unit_count,
        cast(coalesce(payments.payment_method_count, 0) as bigint) as payment_method_count,
        cast(orders.shipping_discounts as decimal(18, 2)) as shipping_discounts,
        cast(orders.other_charges as decimal(18, 2)) as other_charges,
        cast(orders.stated_marketplace_fee as decimal(18, 2)) as marketplace_fee,
        {{ in_reporting_currency('charges.order_total', 'orders.exchange_rate') }} as order_total,
        {% for name in ['amount_paid', 'amount_refunded', 'amount_refund_pending', 'amount_gift_card_paid'] %}
        cast(
            case when payments.order_id is not null then payments.{{ name }} when orders.has_known_currency then 0 end
            as decimal(18, 2)
        ) as {{ name }},
        {% endfor %}
        orders.is_exchange,
        orders.has_known_currency

    from orders
    inner join statuses
        on orders.order_id = statuses.order_id
    inner join charges
        on orders.order_id = charges.order_id
    left join payments
        on orders.order_id = payments.order_id
    left join ranked
        on orders.order_id = ranked.order_id

)

select * from final
