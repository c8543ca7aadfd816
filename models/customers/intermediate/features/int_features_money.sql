-- Grain: one row per customer of the spine: revenue, costs and margin; amounts are 0 when nothing happened.
{%- set amounts_ever = ['gross_revenue', 'net_revenue', 'contribution_margin', 'service_cost'] %}
{%- set amounts_365d = ['net_revenue', 'contribution_margin', 'returns_amount', 'service_cost'] %}
with spine as (

    select customer_id from {{ ref('int_customer_spine') }}

),

margins as (

    select * from {{ ref('customer_margin') }}

),

last_year as (

    select
        customer_id,
        {{ sums_of(amounts_365d) }}

    from {{ ref('int_customer_margin_daily') }}
    where {{ within_window('activity_date', 365) }}
    group by customer_id

),

orders as (

    select
        order_margins.order_id,
        order_margins.customer_id,
        order_margins.contribution_margin,
        order_numbers.customer_order_number

    from {{ ref('order_margins') }} as order_margins
    inner join {{ ref('orders') }} as order_numbers
        on order_margins.order_id = order_numbers.order_id
    where order_margins.is_counted and order_margins.customer_id is not null

),

-- Orders of a customer are numbered in order of time, so that the last has the highest number.
order_facts as (

    select
        customer_id,
        count(*) as order_count,
        sum(contribution_margin) as contribution_margin,
        max_by(contribution_margin, customer_order_number) as last_order_margin

    from orders
    group by customer_id

),

joined as (

    select
        spine.customer_id,
        {%- for amount in amounts_ever %}
        cast(coalesce(margins.{{ amount }}, 0) as decimal(18, 2)) as {{ amount }},
        {%- endfor %}
        {%- for amount in amounts_365d %}
        cast(coalesce(last_year.{{ amount }}, 0) as decimal(18, 2)) as {{ amount }}_365d,
        {%- endfor %}
        cast(coalesce(margins.shipping_cost - margins.shipping_revenue, 0) as decimal(18, 2)) as shipping_subsidy,
        cast(margins.contribution_margin as double) / nullif(cast(margins.net_revenue as double), 0)
            as contribution_margin_rate,
        cast(last_year.contribution_margin as double) / nullif(cast(last_year.net_revenue as double), 0)
            as contribution_margin_rate_365d,
        cast(margins.returns_amount as double)
        / nullif(cast(margins.gross_revenue - margins.discounts as double), 0) as returns_rate,
        cast(order_facts.contribution_margin as double) / order_facts.order_count as contribution_margin_per_order,
        cast(order_facts.last_order_margin as decimal(18, 2)) as last_order_margin,
        cast(margins.cost_coverage as double) as cost_coverage

    from spine
    left join margins
        on spine.customer_id = margins.customer_id
    left join last_year
        on spine.customer_id = last_year.customer_id
    left join order_facts
        on spine.customer_id = order_facts.customer_id

)

select * from joined
