-- Grain: one row per line of an order that counts, or that caused a cost without counting; for such an order without
-- lines, one row for the order itself.
with orders as (

    select * from {{ ref('int_order_margin_amounts') }}

),

lines as (

    select * from {{ ref('order_lines') }}
    where line_type <> 'gift_card'

),

shares as (

    select * from {{ ref('int_order_margin_shares') }}

),

returns as (

    select
        line_id,
        cast(sum(returns_amount) as decimal(18, 2)) as returns_amount,
        cast(sum(return_handling_cost) as decimal(18, 2)) as return_handling_cost

    from {{ ref('int_return_costs') }}
    where line_id is not null
    group by line_id

),

joined as (

    select
        coalesce(lines.line_id, orders.order_id) as line_id,
        orders.order_id,
        orders.customer_id,
        orders.channel,
        orders.ordered_date,
        lines.sku,
        lines.category,
        coalesce(lines.line_type, 'order') as line_type,
        coalesce(lines.quantity, 0) as quantity,
        coalesce(lines.returned_units, 0) as returned_units,
        coalesce(lines.restocked_units, 0) as restocked_units,
        orders.is_counted,
        {% for amount in ['gross_revenue', 'discounts', 'cogs'] -%}
        case when orders.is_counted then coalesce(lines.{{ amount }}, 0) else 0 end as {{ amount }},
        {% endfor -%}
        -- An order without lines keeps the amounts that would otherwise be split over them.
        {% for amount in ['shipping_revenue', 'shipping_cost', 'payment_fees', 'marketplace_fees', 'service_cost'] -%}
        case when lines.line_id is null then orders.{{ amount }} else coalesce(shares.{{ amount }}, 0) end
            as {{ amount }},
        {% endfor -%}
        {% for amount in ['returns_amount', 'return_handling_cost'] -%}
        case when lines.line_id is null then orders.{{ amount }} else coalesce(shares.{{ amount }}, 0) end
        + coalesce(returns.{{ amount }}, 0) as {{ amount }},
        {% endfor -%}
        orders.is_counted and coalesce(lines.line_type = 'product', false) as has_goods,
        coalesce(lines.has_known_cost, false) as has_known_cost,
        orders.missing_costs

    from orders
    left join lines
        on orders.order_id = lines.order_id
    left join shares
        on lines.line_id = shares.line_id
    left join returns
        on lines.line_id = returns.line_id

),

final as (

    select
        line_id,
        order_id,
        customer_id,
        channel,
        ordered_date,
        sku,
        category,
        line_type,
        quantity,
        returned_units,
        restocked_units,
        is_counted,
        {{ margin_columns() }},
        cast(case when has_goods then gross_revenue - discounts else 0 end as decimal(18, 2)) as product_revenue,
        cast(case when has_goods and has_known_cost then gross_revenue - discounts else 0 end as decimal(18, 2))
            as revenue_with_known_cost,
        {{ missing_costs_of(["case when has_goods and not has_known_cost then 'goods' end", 'missing_costs']) }}
            as missing_costs

    from joined

)

select * from final
