-- Grain: one row per customer on as_of_date: their response to e-mail, SMS, ads and on the web.
{%- set windows = {
    'email_received_count': [90], 'email_human_open_count': [30, 90], 'email_click_count': [90],
    'sms_click_count': [90], 'web_visit_count': [90]
} %}
{%- set responses = 'email_human_open_count + email_click_count + sms_click_count' %}
{%- set last_days = {
    'days_since_last_email_open': 'email_human_open_count',
    'days_since_last_email_click': 'email_click_count', 'days_since_last_engagement': responses,
    'days_since_last_activity': responses ~ ' + web_visit_count'
} %}

with spine as (

    select * from {{ ref('int_customer_spine') }}

),

daily as (

    select
        *,
        visit_count as web_visit_count
    from {{ ref('engagement_daily') }}

),

ad_clicks as (

    select
        customer_id,
        count(*) as ad_click_count_90d

    from {{ ref('int_ad_clicks') }}
    where customer_id is not null and {{ within_window('clicked_date', 90) }}
    group by customer_id

),

counted as (

    select
        customer_id,
        {{ window_sums(windows) }}
        {{ days_since_last(last_days) }}
        sum({{ responses }} + web_visit_count) filter (where {{ within_window('activity_date', 30) }})
            as touch_count_30d,
        sum({{ responses }} + web_visit_count) filter (where {{ within_window('activity_date', 90) }})
            as touch_count_90d

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
        cast(coalesce(counted.touch_count_90d, 0) - coalesce(counted.touch_count_30d, 0) as double) / 2
            as usual_touch_count_30d,
        cast(coalesce(ad_clicks.ad_click_count_90d, 0) as bigint) as ad_click_count_90d,
        email_habits.favourite_email_weekday_180d,
        cast(email_habits.favourite_email_hour_180d as bigint) as favourite_email_hour_180d,
        channels.channel_preference

    from spine
    left join counted
        on spine.customer_id = counted.customer_id
    left join ad_clicks
        on spine.customer_id = ad_clicks.customer_id
    left join {{ ref('int_customer_habits') }} as email_habits
        on spine.customer_id = email_habits.customer_id
    left join {{ ref('int_customer_answered_channels') }} as channels
        on spine.customer_id = channels.customer_id

),

classified as (

    select
        filled.*,
        cast(least(filled.email_human_open_count_90d, filled.email_received_count_90d) as double)
        / nullif(cast(filled.email_received_count_90d as double), 0) as email_open_rate_90d,
        cast(least(filled.email_click_count_90d, filled.email_received_count_90d) as double)
        / nullif(cast(filled.email_received_count_90d as double), 0) as email_click_rate_90d,
        filled.email_click_count_90d >= limits.high_click_count
        or filled.email_human_open_count_90d >= limits.high_open_count as has_high_email_engagement,
        case
            when
                filled.email_click_count_90d + filled.sms_click_count_90d >= limits.high_click_count
                or filled.email_human_open_count_90d >= limits.high_open_count
                or filled.web_visit_count_90d >= limits.high_visit_count
                then 'high'
            when filled.touch_count_90d >= limits.medium_touch_count then 'medium'
            when filled.days_since_last_activity < limits.low_active_days then 'low'
            else 'none'
        end as engagement_tier,
        -- The last 30 days compared with the mean of the two 30-day periods before; too few touches would be chance.
        case
            when filled.touch_count_90d < limits.trend_touch_count then cast(null as {{ dbt.type_string() }})
            when filled.touch_count_30d >= limits.rising_factor * filled.usual_touch_count_30d then 'rising'
            when filled.touch_count_30d <= limits.declining_factor * filled.usual_touch_count_30d then 'declining'
            else 'steady'
        end as engagement_trend

    from filled
    cross join {{ ref('int_attribute_limits') }} as limits

)

select * from classified
