-- Grain: one row per customer with an order, a return or a ticket that affects the margin; all history up to
-- as_of_date. The sum of the customer's orders, and of returns and tickets without an order.
{%- set amounts = margin_parts() + ['product_revenue', 'revenue_with_known_cost'] %}
with unioned as (

    select
        customer_id,
        {{ amounts | join(', ') }},
        missing_costs

    from {{ ref('order_margins') }}
    where customer_id is not null

    union all

    select
        customer_id,
        {{ amounts_or_zero(amounts, {
            'returns_amount': 'returns_amount', 'return_handling_cost': 'return_handling_cost'
        }) }},
        missing_costs

    from {{ ref('int_return_costs') }}
    where order_id is null and customer_id is not null

    union all

    select
        customer_id,
        {{ amounts_or_zero(amounts, {'service_cost': 'service_cost'}) }},
        missing_costs

    from {{ ref('int_ticket_costs') }}
    where order_id is null and customer_id is not null

),

totals as (

    select
        customer_id,
        {{ sums_of(amounts) }},
        {{ all_missing_costs('missing_costs') }} as missing_costs

    from unioned
    group by customer_id

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

    from totals

)

select * from final
