-- Grain: one row per customer with an order that counts: counts, dates and rhythm.
with orders as (

    select * from {{ ref('orders') }}
    where is_counted and customer_id is not null

),

sequenced as (

    select
        orders.*,
        lag(ordered_date) over (partition by customer_id order by customer_order_number) as previous_order_date,
        row_number() over (partition by customer_id order by customer_order_number desc) as recency_rank

    from orders

),

counted as (

    select
        customer_id,
        count(*) as order_count,
        {% for days in [30, 90, 180, 365, 730] %}
        sum(case when {{ within_window('ordered_date', days) }} then 1 else 0 end) as order_count_{{ days }}d,
        {% endfor %}
        count(distinct ordered_date) as order_day_count,
        min(ordered_date) as first_order_date,
        max(ordered_date) as last_order_date,
        max(
            case when recency_rank = 1 then {{ days_between('previous_order_date', 'ordered_date') }} end
        ) as days_before_last_order,
        sum(gross_revenue - discounts) as order_value,
        avg(case when channel = 'online' then 1.0 else 0.0 end) as online_order_share,
        sum(unit_count) as unit_count,
        sum(returned_unit_count) as returned_unit_count,
        sum(case when returned_unit_count > 0 then 1 else 0 end) as returned_order_count

    from sequenced
    group by customer_id

)

select * from counted
