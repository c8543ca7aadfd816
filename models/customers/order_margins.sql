-- Grain: one row per order that counts, or that caused a cost without counting: its lines and the amounts of the
-- order as a whole. Not summed from order_line_margins, which splits the latter: a test checks that both agree.
with orders as (

    select * from {{ ref('int_order_margin_amounts') }}

),

lines as (

    select
        order_id,
        sum(gross_revenue) as gross_revenue,
        sum(discounts) as discounts,
        sum(coalesce(cogs, 0)) as cogs,
        sum(case when line_type = 'product' then gross_revenue - discounts else 0 end) as product_revenue,
        sum(case when line_type = 'product' and has_known_cost then gross_revenue - discounts else 0 end)
            as revenue_with_known_cost,
        bool_or(line_type = 'product' and not has_known_cost) as has_unknown_cost

    from {{ ref('order_lines') }}
    where line_type <> 'gift_card'
    group by order_id

),

-- Returns without a line are already in the amounts of the order.
returns as (

    select
        order_id,
        sum(returns_amount) as returns_amount,
        sum(return_handling_cost) as return_handling_cost

    from {{ ref('int_return_costs') }}
    where line_id is not null
    group by order_id

),

joined as (

    select
        orders.order_id,
        orders.customer_id,
        orders.channel,
        orders.ordered_date,
        orders.is_counted,
        {% for amount in ['gross_revenue', 'discounts', 'cogs', 'product_revenue', 'revenue_with_known_cost'] %}
        case when orders.is_counted then coalesce(lines.{{ amount }}, 0) else 0 end as {{ amount }},
        {% endfor %}
        {% for amount in ['returns_amount', 'return_handling_cost'] %}
        orders.{{ amount }} + coalesce(returns.{{ amount }}, 0) as {{ amount }},
        {% endfor %}
        {% for amount in ['shipping_revenue', 'shipping_cost', 'payment_fees', 'marketplace_fees', 'service_cost'] %}
        orders.{{ amount }},
        {% endfor %}
        {{ missing_costs_of([
            "case when orders.is_counted and lines.has_unknown_cost then 'goods' end", 'orders.missing_costs'
        ]) }} as missing_costs

    from orders
    left join lines
        on orders.order_id = lines.order_id
    left join returns
        on orders.order_id = returns.order_id

),

final as (

    select
        order_id,
        customer_id,
        channel,
        ordered_date,
        is_counted,
        {{ margin_columns() }},
        cast(product_revenue as decimal(18, 2)) as product_revenue,
        cast(revenue_with_known_cost as decimal(18, 2)) as revenue_with_known_cost,
        cast(revenue_with_known_cost as double) / nullif(cast(product_revenue as double), 0) as cost_coverage,
        missing_costs

    from joined

)

select * from final
