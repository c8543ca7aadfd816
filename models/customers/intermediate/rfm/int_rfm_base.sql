-- Grain: one row per customer with an order that counts in the RFM window who may be profiled: recency, frequency and
-- monetary value.
with daily as (

    select money.*

    from {{ ref('int_customer_money_daily') }} as money
    inner join {{ ref('int_profiled_customers') }} as profiled
        on money.customer_id = profiled.customer_id
    where {{ within_window('money.activity_date', var('rfm_window_days')) }}

),

measured as (

    select
        customer_id,
        {{ days_between(
            'max(case when order_count > 0 then activity_date end)', as_of_date()
        ) }} as recency_days,
        sum(order_count) as frequency,
        sum(net_revenue) as monetary

    from daily
    group by customer_id
    having sum(order_count) > 0

)

select * from measured
