-- Grain: one row per order that counts of a known customer, in the order in which the customer placed them.
with orders as (

    select
        customer_id,
        customer_order_number,
        ordered_date

    from {{ ref('orders') }}
    where is_counted and customer_id is not null

),

sequenced as (

    select
        customer_id,
        customer_order_number,
        ordered_date,
        lag(ordered_date) over (partition by customer_id order by customer_order_number) as previous_date,
        -- Four orders in a year make a loyal customer: this order and the three before it, and the same one order ago.
        lag(ordered_date, 3) over (partition by customer_id order by customer_order_number) as fourth_latest_date,
        lag(ordered_date, 4) over (partition by customer_id order by customer_order_number)
            as fourth_latest_date_before

    from orders

),

with_gaps as (

    select
        sequenced.*,
        {{ days_between('previous_date', 'ordered_date') }} as gap_days

    from sequenced

)

select * from with_gaps
