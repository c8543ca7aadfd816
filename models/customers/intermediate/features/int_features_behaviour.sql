-- Grain: one row per customer on as_of_date: their behaviour on the web.
{%- set windows = {
    'visit_count': [30, 90], 'page_view_count': [7], 'product_view_count': [30], 'cart_addition_count': [30]
} %}
{%- set last_days = {
    'days_since_last_visit': 'visit_count', 'days_since_last_product_view': 'product_view_count'
} %}
{%- set on_the_web = 'visit_count + page_view_count + product_view_count + cart_addition_count > 0' %}

with spine as (

    select * from {{ ref('int_customer_spine') }}

),

daily as (

    select * from {{ ref('engagement_daily') }}

),

carts as (

    select * from {{ ref('int_customer_carts') }}

),

open_carts as (

    select * from {{ ref('int_customer_open_carts') }}

),

interests as (

    select * from {{ ref('int_customer_viewed_interests') }}

),

habits as (

    select * from {{ ref('int_customer_habits') }}

),

counted as (

    select
        customer_id,
        {{ window_sums(windows) }}
        count(*) filter (where {{ on_the_web }} and {{ within_window('activity_date', 30) }}) as web_day_count_30d,
        {{ days_since_last(last_days) }}
        sum(visit_seconds) filter (where {{ within_window('activity_date', 90) }}) as visit_seconds_90d

    from daily
    group by customer_id

),

joined as (

    select
        spine.customer_id,
        {{ filled_window_sums(windows, 'counted') }}
        cast(coalesce(counted.web_day_count_30d, 0) as bigint) as web_day_count_30d,
        {% for name in last_days %}
        cast(counted.{{ name }} as bigint) as {{ name }},
        {% endfor %}
        cast({{ days_between('carts.last_cart_addition_date', as_of_date()) }} as bigint)
            as days_since_last_cart_addition,
        cast(counted.visit_seconds_90d as double) / nullif(cast(counted.visit_count_90d as double), 0) / 60
            as average_visit_minutes_90d,
        interests.favourite_viewed_category_90d,
        interests.last_viewed_category_90d,
        habits.favourite_visit_weekday_90d,
        cast(habits.favourite_visit_hour_90d as bigint) as favourite_visit_hour_90d,
        habits.favourite_device_90d,
        coalesce(carts.has_open_cart, false) as has_open_cart,
        open_carts.cart_value as open_cart_value,
        coalesce(carts.has_abandoned_checkout, false) as has_abandoned_checkout

    from spine
    left join counted
        on spine.customer_id = counted.customer_id
    left join carts
        on spine.customer_id = carts.customer_id
    left join open_carts
        on spine.customer_id = open_carts.customer_id
    left join interests
        on spine.customer_id = interests.customer_id
    left join habits
        on spine.customer_id = habits.customer_id

)

select * from joined
