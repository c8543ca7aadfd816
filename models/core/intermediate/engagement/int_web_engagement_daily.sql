-- Grain: one row per customer and business day with a web or app event.
with events as (

    select * from {{ ref('int_web_events') }}
    where customer_id is not null

),

sessions as (

    select * from {{ ref('int_web_sessions') }}
    where customer_id is not null

),

-- A visit counts on the day it began; its events on their own day.
counted as (

    select
        customer_id,
        occurred_date as activity_date,
        cast(0 as bigint) as visit_count,
        cast(0 as bigint) as visit_seconds,
        count(*) filter (where event_type = 'page_view') as page_view_count,
        count(*) filter (where event_type = 'product_view') as product_view_count,
        count(*) filter (where event_type = 'product_list_view') as product_list_view_count,
        count(*) filter (where event_type = 'search') as search_count,
        count(*) filter (where event_type = 'cart_addition') as cart_addition_count,
        count(*) filter (where event_type = 'cart_removal') as cart_removal_count,
        count(*) filter (where event_type = 'checkout_started') as checkout_start_count

    from events
    group by customer_id, occurred_date

    union all

    select
        customer_id,
        session_date as activity_date,
        count(*) as visit_count,
        sum(duration_seconds) as visit_seconds,
        0 as page_view_count,
        0 as product_view_count,
        0 as product_list_view_count,
        0 as search_count,
        0 as cart_addition_count,
        0 as cart_removal_count,
        0 as checkout_start_count

    from sessions
    group by customer_id, session_date

),

daily as (

    select
        customer_id,
        activity_date,
        cast(sum(visit_count) as bigint) as visit_count,
        cast(sum(visit_seconds) as bigint) as visit_seconds,
        cast(sum(page_view_count) as bigint) as page_view_count,
        cast(sum(product_view_count) as bigint) as product_view_count,
        cast(sum(product_list_view_count) as bigint) as product_list_view_count,
        cast(sum(search_count) as bigint) as search_count,
        cast(sum(cart_addition_count) as bigint) as cart_addition_count,
        cast(sum(cart_removal_count) as bigint) as cart_removal_count,
        cast(sum(checkout_start_count) as bigint) as checkout_start_count

    from counted
    group by customer_id, activity_date

)

select * from daily
