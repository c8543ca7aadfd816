-- Grain: one row per customer of the spine: revenue and margin; 0 when they never bought.
with spine as (

    select * from {{ ref('int_customer_spine') }}

),

margins as (

    select * from {{ ref('customer_margin') }}

),

money_365d as (

    select
        customer_id,
        sum(net_revenue) as net_revenue_365d

    from {{ ref('int_customer_money_daily') }}
    where {{ within_window('activity_date', 365) }}
    group by customer_id

),

joined as (

    select
        spine.customer_id,
        {% for column in ['gross_revenue', 'net_revenue', 'contribution_margin'] %}
        cast(coalesce(margins.{{ column }}, 0) as decimal(18, 2)) as {{ column }},
        {% endfor %}
        cast(coalesce(money_365d.net_revenue_365d, 0) as decimal(18, 2)) as net_revenue_365d,
        cast(margins.contribution_margin as double) / nullif(cast(margins.net_revenue as double), 0)
            as contribution_margin_rate

    from spine
    left join margins
        on spine.customer_id = margins.customer_id
    left join money_365d
        on spine.customer_id = money_365d.customer_id

)

select * from joined
