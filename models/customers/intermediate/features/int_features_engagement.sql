-- Grain: one row per customer on as_of_date: what they answer.
{%- set windows = {
    'email_received_count': [90], 'email_human_open_count': [30, 90], 'email_machine_open_count': [90],
    'email_click_count': [90], 'sms_click_count': [90], 'visit_count': [30, 90]
} %}
{%- set answers = 'email_human_open_count + email_click_count + sms_click_count' %}
{%- set last_days = {
    'days_since_last_email_open': 'email_human_open_count',
    'days_since_last_email_click': 'email_click_count', 'days_since_last_engagement': answers,
    'days_since_last_activity': answers ~ ' + visit_count'
} %}

with spine as (

    select * from {{ ref('int_customer_spine') }}

),

daily as (

    select * from {{ ref('engagement_daily') }}

),

ad_clicks as (

    select
        customer_id,
        count(*) as ad_click_count_90d

    from {{ ref('int_ad_clicks') }}
    where customer_id is not null and {{ within_window('clicked_date', 90) }}
    group by customer_id

),

email_habits as (

    select * from {{ ref('int_customer_habits') }}

),

channels as (

    select * from {{ ref('int_customer_answered_channels') }}

),

counted as (

    select
        customer_id,
        {{ window_sums(windows) }}
        {{ days_since_last(last_days) }}
        sum({{ answers }} + visit_count) filter (where {{ within_window('activity_date', 30) }}) as touch_count_30d,
        sum({{ answers }} + visit_count) filter (where {{ within_window('activity_date', 90) }}) as touch_count_90d

    from daily
    group by customer_id

),

filled as (

    select
        spine.customer_id,
        {{ filled_window_sums(dict(windows, touch_count=[30, 90]), 'counted') }}
        {% for name in last_days %}
        cast(counted.{{ name }} as bigint) as {{ name }},
        {% endfor %}
        cast(coalesce(ad_clicks.ad_click_count_90d, 0) as bigint) as ad_click_count_90d,
        email_habits.favourite_email_weekday_180d,
        cast(email_habits.favourite_email_hour_180d as bigint) as favourite_email_hour_180d,
        channels.channel_preference

    from spine
    left join counted
        on spine.customer_id = counted.customer_id
    left join ad_clicks
        on spine.customer_id = ad_clicks.customer_id
    left join email_habits
        on spine.customer_id = email_habits.customer_id
    left join channels
        on spine.customer_id = channels.customer_id

),

judged as (

    select
        *,
        cast(least(email_human_open_count_90d, email_received_count_90d) as double)
        / nullif(cast(email_received_count_90d as double), 0) as email_open_rate_90d,
        cast(least(email_click_count_90d, email_received_count_90d) as double)
        / nullif(cast(email_received_count_90d as double), 0) as email_click_rate_90d,
        email_click_count_90d >= 1 or email_human_open_count_90d >= 3 as has_high_email_engagement,
        case
            when
                email_click_count_90d + sms_click_count_90d >= 1
                or email_human_open_count_90d >= 3
                or visit_count_90d >= 5
                then 'high'
            when touch_count_90d >= 1 then 'medium'
            when days_since_last_activity < 365 then 'low'
            else 'none'
        end as engagement_tier,
        -- The last 30 days against the mean of the two times 30 before; below six it would be chance.
        case
            when touch_count_90d < 6 then cast(null as {{ dbt.type_string() }})
            when touch_count_30d >= 1.5 * (touch_count_90d - touch_count_30d) / 2 then 'rising'
            when touch_count_30d <= 0.5 * (touch_count_90d - touch_count_30d) / 2 then 'declining'
            else 'steady'
        end as engagement_trend

    from filled

)

select * from judged
