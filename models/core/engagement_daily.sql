-- Grain: one row per customer and business day with any message or web activity.
with messages as (

    select * from {{ ref('int_message_engagement_daily') }}

),

web as (

    select * from {{ ref('int_web_engagement_daily') }}

),

days as (

    select
        customer_id,
        activity_date
    from messages

    union distinct

    select
        customer_id,
        activity_date
    from web

),

joined as (

    select
        days.customer_id,
        days.activity_date,

        coalesce(messages.email_received_count, 0) as email_received_count,
        coalesce(messages.email_human_open_count, 0) as email_human_open_count,
        coalesce(messages.email_machine_open_count, 0) as email_machine_open_count,
        coalesce(messages.email_click_count, 0) as email_click_count,
        coalesce(messages.email_bounce_count, 0) as email_bounce_count,
        coalesce(messages.email_spam_mark_count, 0) as email_spam_mark_count,
        coalesce(messages.email_unsubscribe_count, 0) as email_unsubscribe_count,
        coalesce(messages.sms_received_count, 0) as sms_received_count,
        coalesce(messages.sms_click_count, 0) as sms_click_count,
        coalesce(messages.sms_unsubscribe_count, 0) as sms_unsubscribe_count,
        coalesce(web.visit_count, 0) as visit_count,
        coalesce(web.page_view_count, 0) as page_view_count,
        coalesce(web.product_view_count, 0) as product_view_count,
        coalesce(web.cart_addition_count, 0) as cart_addition_count,
        coalesce(web.product_list_view_count, 0) as product_list_view_count,
        coalesce(web.search_count, 0) as search_count,
        coalesce(web.cart_removal_count, 0) as cart_removal_count,
        coalesce(web.checkout_start_count, 0) as checkout_start_count,
        coalesce(web.visit_seconds, 0) as visit_seconds

    from days
    left join messages
        on
            days.customer_id = messages.customer_id
            and days.activity_date = messages.activity_date
    left join web
        on
            days.customer_id = web.customer_id
            and days.activity_date = web.activity_date

)

select * from joined
