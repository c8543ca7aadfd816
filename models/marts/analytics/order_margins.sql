-- Grain: one row per order that counts, or that caused a cost without counting: the sum of its lines.
with lines as (

    select * from {{ ref('order_line_margins') }}

),

orders as (

    select * from {{ ref('int_order_margin_amounts') }}

),

totals as (

    select
        order_id,
        {{ sums_of(margin_parts() + ['product_revenue', 'revenue_with_known_cost']) }},
        {{ all_missing_costs('missing_costs') }} as missing_costs

    from lines
    group by order_id

),

joined as (

    select
        orders.customer_id,
        orders.channel,
        orders.ordered_date,
        orders.is_counted,
        totals.*

    from totals
    inner join orders
        on totals.order_id = orders.order_id

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
