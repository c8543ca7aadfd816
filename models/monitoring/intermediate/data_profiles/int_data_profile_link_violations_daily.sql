-- Grain: one row per check between relations and business day: rows that could be checked, and rows that fail.
-- A view: read once, so there is nothing to gain from storing it.
{{ config(materialized='view') }}

with orders as (

    select * from {{ ref('int_orders') }}

),

returns_checked as (

    select
        'returned_before_ordered' as measure,
        returns.returned_date as profile_date,
        returns.returned_date < orders.ordered_date as is_faulty

    from {{ ref('int_returns') }} as returns
    inner join orders
        on returns.order_id = orders.order_id

),

lines_checked as (

    select
        'more_units_returned_than_sold' as measure,
        ordered_date as profile_date,
        returned_units > quantity as is_faulty

    from {{ ref('order_lines') }}
    where returned_units > 0

),

-- Every order has a line, so no customer has more orders than lines.
customers_checked as (

    select
        'more_orders_than_lines' as measure,
        max(ordered_date) as profile_date,
        count(*) > sum(line_count) as is_faulty

    from orders
    where customer_id is not null and not coalesce(is_test, false)
    group by customer_id

),

-- An order that web tracking recorded and the shop did not deliver.
web_orders_checked as (

    select
        'web_order_unknown_to_shop' as measure,
        events.occurred_date as profile_date,
        orders.order_id is null as is_faulty

    from {{ ref('int_web_events') }} as events
    left join orders
        on concat_ws('', 'shopify:', events.source_order_id) = orders.order_id
    where events.event_type = 'order_completed' and events.source_order_id is not null

),

unioned as (

    select * from returns_checked
    union all
    select * from lines_checked
    union all
    select * from customers_checked
    union all
    select * from web_orders_checked

),

counted as (

    select
        measure,
        profile_date,
        count(*) as checked_rows,
        sum(case when is_faulty then 1 else 0 end) as faulty_rows

    from unioned
    group by measure, profile_date

)

select * from counted
