-- Grain: one row per order of any channel, amounts without tax in the reporting currency.
with orders as (

    select * from {{ ref('int_orders') }}

),

ranked as (

    select
        order_id,
        row_number() over (partition by customer_id order by ordered_at, order_id) as customer_order_number

    from orders
    where not_counted_reason is null and customer_id is not null

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
        orders.payment_method,
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
        orders.not_counted_reason

    from orders
    left join ranked
        on orders.order_id = ranked.order_id

)

select * from final
