-- Grain: one row per order that counts, or that caused a cost without counting: the sum of its lines.
with lines as (

    select * from {{ ref('order_line_margins') }}

),

-- A line carries what its order carries, so that any one of them knows whose order it is.
totals as (

    select
        order_id,
        min(customer_id) as customer_id,
        min(channel) as channel,
        min(ordered_date) as ordered_date,
        bool_or(is_counted) as is_counted,
        {%- for amount in margin_parts() + ['product_revenue', 'revenue_with_known_cost'] %}
        sum({{ amount }}) as {{ amount }},
        {%- endfor %}
        {{ all_missing_costs('missing_costs') }} as missing_costs

    from lines
    group by order_id

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

    from totals

)

select * from final
