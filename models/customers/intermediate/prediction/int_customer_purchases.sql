-- Grain: one row per customer who may be profiled and bought: the inputs of the purchase model. Orders of one
-- business day are one purchase, as in the literature; amounts are net of returns.
with orders as (

    select
        orders.customer_id,
        orders.ordered_date,
        margins.net_revenue,
        margins.net_revenue - margins.cogs as gross_margin,
        margins.contribution_margin

    from {{ ref('orders') }} as orders
    inner join {{ ref('order_margins') }} as margins
        on orders.order_id = margins.order_id
    inner join {{ ref('int_profiled_customers') }} as profiled
        on orders.customer_id = profiled.customer_id
    where orders.is_counted

),

counted as (

    select
        customer_id,
        count(*) as order_count,
        count(distinct ordered_date) as purchase_day_count,
        min(ordered_date) as first_purchase_date,
        max(ordered_date) as last_purchase_date,
        sum(net_revenue) as net_revenue,
        sum(gross_margin) as gross_margin,
        sum(contribution_margin) as contribution_margin

    from orders
    group by customer_id

),

described as (

    select
        counted.customer_id,
        {{ as_of_date() }} as as_of_date,
        customers.customer_type,
        customers.country_code,
        choices.first_order_channel,
        counted.first_purchase_date,
        counted.last_purchase_date,
        cast(counted.order_count as bigint) as order_count,
        cast(counted.purchase_day_count as bigint) as purchase_day_count,
        cast(counted.purchase_day_count - 1 as bigint) as repeat_count,
        cast({{ days_between('counted.first_purchase_date', 'counted.last_purchase_date') }} as bigint)
            as last_purchase_age_days,
        cast({{ days_between('counted.first_purchase_date', as_of_date()) }} as bigint) as observed_days,
        cast(counted.net_revenue as double) / counted.purchase_day_count as mean_purchase_value,
        cast(counted.gross_margin as double) / counted.purchase_day_count as mean_purchase_margin,
        cast(counted.net_revenue as decimal(18, 2)) as net_revenue,
        cast(counted.gross_margin as decimal(18, 2)) as gross_margin,
        cast(counted.contribution_margin as decimal(18, 2)) as contribution_margin

    from counted
    left join {{ ref('customers') }} as customers
        on counted.customer_id = customers.customer_id
    left join {{ ref('int_customer_orders') }} as choices
        on counted.customer_id = choices.customer_id

)

select * from described
