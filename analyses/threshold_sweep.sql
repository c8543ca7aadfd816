-- Grain: one row per threshold. How many customers, and how much revenue, would another limit for "lapsed" include?
with buyers as (

    select * from {{ ref('customer_features') }}
    where order_count > 0 and customer_type = 'person'

),

thresholds as (

    {% for days in [60, 90, 120, 150, 180, 240, 300, 365] %}
    select {{ days }} as threshold_days
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

swept as (

    select
        thresholds.threshold_days,
        count(*) as customer_count,
        sum(buyers.net_revenue_365d) as net_revenue_365d,
        avg(cast(buyers.contribution_margin_rate as double)) as mean_margin_rate

    from thresholds
    inner join buyers
        on thresholds.threshold_days <= buyers.days_since_last_order
    group by thresholds.threshold_days

)

select * from swept
order by threshold_days
