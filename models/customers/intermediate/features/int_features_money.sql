-- Grain: one row per customer of the spine: revenue, costs and margin; amounts are 0 when nothing happened, and margins
-- are null where the cost of goods is not known.
{%- set amounts_ever = ['gross_revenue', 'net_revenue', 'contribution_margin', 'service_cost'] %}
{%- set amounts_365d = ['net_revenue', 'contribution_margin', 'returns_amount', 'service_cost'] %}
{%- set rates = {
    'contribution_margin_rate': "cast(margins.contribution_margin as double) / nullif(cast(margins.net_revenue as double), 0)",
    'contribution_margin_rate_365d':
        "cast(last_year.contribution_margin as double) / nullif(cast(last_year.net_revenue as double), 0)",
    'contribution_margin_per_order': "cast(orders.contribution_margin as double) / orders.order_count"
} %}
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
        customer_id,
        count(*) as order_count,
        sum(contribution_margin) as contribution_margin

    from {{ ref('order_margins') }}
    where is_counted and customer_id is not null
    group by customer_id

),

joined as (

    select
        spine.customer_id,
        {%- for relation, amounts, suffix in [('margins', amounts_ever, ''), ('last_year', amounts_365d, '_365d')] %}
        {%- for amount in amounts %}
        {%- set value = 'cast(coalesce(' ~ relation ~ '.' ~ amount ~ ', 0) as decimal(18, 2))' %}
        {{ known_margin(value, 'margins.cost_coverage') if amount == 'contribution_margin' else value }}
            as {{ amount ~ suffix }},
        {%- endfor %}
        {%- endfor %}
        {%- for name, rate in rates.items() %}
        {{ known_margin(rate, 'margins.cost_coverage') }} as {{ name }},
        {%- endfor %}
        cast(margins.returns_amount as double)
        / nullif(cast(margins.gross_revenue - margins.discounts as double), 0) as returns_rate,
        cast(margins.cost_coverage as double) as cost_coverage

    from spine
    left join margins
        on spine.customer_id = margins.customer_id
    left join last_year
        on spine.customer_id = last_year.customer_id
    left join orders
        on spine.customer_id = orders.customer_id

)

select * from joined
