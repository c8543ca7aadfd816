-- Grain: one row per customer who ever bought or returned; all history up to as_of_date.
with money as (

    select
        customer_id,
        sum(gross_revenue) as gross_revenue,
        sum(discounts) as discounts,
        sum(returns_amount) as returns_amount,
        sum(shipping_revenue) as shipping_revenue,
        sum(net_revenue) as net_revenue

    from {{ ref('int_customer_money_daily') }}
    group by customer_id

),

order_costs as (

    select
        customer_id,
        sum(shipping_cost) as shipping_cost,
        sum(payment_fees) as payment_fees,
        sum(marketplace_fees) as marketplace_fees

    from {{ ref('int_order_costs') }}
    where customer_id is not null
    group by customer_id

),

cogs as (

    select * from {{ ref('int_customer_cogs') }}

),

service_costs as (

    select * from {{ ref('int_service_costs') }}

),

joined as (

    select
        money.customer_id,
        money.gross_revenue,
        money.discounts,
        money.returns_amount,
        money.shipping_revenue,
        money.net_revenue,
        coalesce(cogs.cogs, 0) as cogs,
        coalesce(order_costs.shipping_cost, 0) as shipping_cost,
        coalesce(order_costs.payment_fees, 0) as payment_fees,
        coalesce(order_costs.marketplace_fees, 0) as marketplace_fees,
        coalesce(service_costs.return_handling_cost, 0) as return_handling_cost,
        coalesce(service_costs.service_cost, 0) as service_cost,
        cast(cogs.revenue_with_known_cost as double) / nullif(cast(cogs.product_revenue as double), 0)
            as cost_coverage

    from money
    left join cogs
        on money.customer_id = cogs.customer_id
    left join order_costs
        on money.customer_id = order_costs.customer_id
    left join service_costs
        on money.customer_id = service_costs.customer_id

),

final as (

    select
        customer_id,
        {{ as_of_date() }} as as_of_date,
        {% for amount in [
            'gross_revenue', 'discounts', 'returns_amount', 'shipping_revenue', 'net_revenue', 'cogs', 'shipping_cost',
            'payment_fees', 'marketplace_fees', 'return_handling_cost', 'service_cost'
        ] %}
        cast({{ amount }} as decimal(18, 2)) as {{ amount }},
        {% endfor %}
        cast(
            net_revenue - cogs - shipping_cost - payment_fees - marketplace_fees - return_handling_cost - service_cost
            as decimal(18, 2)
        ) as contribution_margin,
        cost_coverage

    from joined

)

select * from final
