-- Grain: one row per month of first purchase. What has each cohort earned so far, and how much of it is margin?
with first_orders as (

    select
        customer_id,
        cast(date_trunc('month', ordered_date) as date) as cohort_month

    from {{ ref('orders') }}
    where customer_order_number = 1

),

cohorts as (

    select
        first_orders.cohort_month,
        count(*) as customer_count,
        sum(margin.net_revenue) as net_revenue,
        sum(margin.contribution_margin) as contribution_margin,
        sum(margin.contribution_margin) / count(*) as margin_per_customer

    from first_orders
    inner join {{ ref('customer_margin') }} as margin
        on first_orders.customer_id = margin.customer_id
    group by first_orders.cohort_month

)

select * from cohorts
order by cohort_month
