-- Grain: one row per customer with an order, a return or a ticket that earned or cost something; all history up to
-- as_of_date. The sum of the customer's orders, and of returns and tickets of no order.
with orders as (

    select
        customer_id,
        {%- for amount in margin_parts() + ['product_revenue', 'revenue_with_known_cost'] %}
        sum({{ amount }}) as {{ amount }},
        {%- endfor %}
        {{ all_missing_costs('missing_costs') }} as missing_costs

    from {{ ref('order_margins') }}
    where customer_id is not null
    group by customer_id

),

without_order as (

    select * from {{ ref('int_customer_margin_without_order') }}

),

joined as (

    select
        coalesce(orders.customer_id, without_order.customer_id) as customer_id,
        {%- for amount in margin_parts() + ['product_revenue', 'revenue_with_known_cost'] %}
        coalesce(orders.{{ amount }}, 0)
        {%- if amount in ['returns_amount', 'return_handling_cost', 'service_cost'] %}
        + coalesce(without_order.{{ amount }}, 0)
        {%- endif %} as {{ amount }},
        {%- endfor %}
        {{ missing_costs_of(['orders.missing_costs', 'without_order.missing_costs']) }} as missing_costs

    from orders
    full outer join without_order
        on orders.customer_id = without_order.customer_id

),

final as (

    select
        customer_id,
        {{ as_of_date() }} as as_of_date,
        {{ margin_columns() }},
        cast(revenue_with_known_cost as double) / nullif(cast(product_revenue as double), 0) as cost_coverage,
        cast(product_revenue as decimal(18, 2)) as product_revenue,
        cast(revenue_with_known_cost as decimal(18, 2)) as revenue_with_known_cost,
        missing_costs

    from joined

)

select * from final
