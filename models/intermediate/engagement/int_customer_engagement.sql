-- Grain: one row per customer on as_of_date.
{%- set human_touch = 'email_human_open_count + email_click_count + sms_click_count > 0' %}

with spine as (

    select * from {{ ref('int_customer_spine') }}

),

daily as (

    select * from {{ ref('engagement_daily') }}

),

carts as (

    select * from {{ ref('int_customer_carts') }}

),

windows as (

    select
        customer_id,
        sum(email_received_count) filter (
            where {{ within_window('activity_date', 90) }}
        ) as email_received_count_90d,
        sum(email_human_open_count) filter (
            where {{ within_window('activity_date', 30) }}
        ) as email_human_open_count_30d,
        sum(email_human_open_count) filter (
            where {{ within_window('activity_date', 90) }}
        ) as email_human_open_count_90d,
        sum(email_click_count) filter (
            where {{ within_window('activity_date', 90) }}
        ) as email_click_count_90d,
        sum(visit_count) filter (
            where {{ within_window('activity_date', 30) }}
        ) as visit_count_30d,
        sum(page_view_count) filter (
            where {{ within_window('activity_date', 7) }}
        ) as page_view_count_7d,
        sum(cart_addition_count) filter (
            where {{ within_window('activity_date', 30) }}
        ) as cart_addition_count_30d,
        max(activity_date) filter (where {{ human_touch }}) as last_engagement_date,
        max(activity_date) filter (where {{ human_touch }} or visit_count > 0) as last_activity_date

    from daily
    group by customer_id

),

joined as (

    select
        spine.customer_id,

        cast(coalesce(windows.email_received_count_90d, 0) as bigint) as email_received_count_90d,
        cast(coalesce(windows.email_human_open_count_30d, 0) as bigint) as email_human_open_count_30d,
        cast(coalesce(windows.email_human_open_count_90d, 0) as bigint) as email_human_open_count_90d,
        cast(coalesce(windows.email_click_count_90d, 0) as bigint) as email_click_count_90d,
        cast(coalesce(windows.visit_count_30d, 0) as bigint) as visit_count_30d,
        cast(coalesce(windows.page_view_count_7d, 0) as bigint) as page_view_count_7d,
        cast(coalesce(windows.cart_addition_count_30d, 0) as bigint) as cart_addition_count_30d,
        {{ days_between('windows.last_engagement_date', as_of_date()) }} as days_since_last_engagement,
        {{ days_between('windows.last_activity_date', as_of_date()) }} as days_since_last_activity,
        {{ days_between('carts.last_cart_addition_date', as_of_date()) }} as days_since_last_cart_addition,

        (
            coalesce(windows.email_click_count_90d, 0) >= 1
            or coalesce(windows.email_human_open_count_90d, 0) >= 3
        ) as has_high_email_engagement,
        coalesce(carts.has_open_cart, false) as has_open_cart

    from spine
    left join windows
        on spine.customer_id = windows.customer_id
    left join carts
        on spine.customer_id = carts.customer_id

)

select * from joined
