-- Grain: one row per customer with any activity or counted store order in the preference_days of attribute_limits.
with daily as (

    select
        activity.customer_id,
        count(*) filter (where activity.email_human_open_count + activity.email_click_count > 0) as email_days,
        count(*) filter (where activity.sms_click_count > 0) as sms_days,
        count(*) filter (where activity.visit_count > 0) as web_days

    from {{ ref('engagement_daily') }} as activity
    cross join {{ ref('int_attribute_limits') }} as limits
    where {{ within_window('activity.activity_date', 'limits.preference_days') }}
    group by activity.customer_id

),

store_orders as (

    select
        orders.customer_id,
        count(distinct orders.ordered_date) as store_days

    from {{ ref('orders') }} as orders
    cross join {{ ref('int_attribute_limits') }} as limits
    where
        orders.customer_id is not null
        and orders.channel = 'store'
        and orders.is_counted
        and {{ within_window('orders.ordered_date', 'limits.preference_days') }}
    group by orders.customer_id

),

days as (

    select
        coalesce(daily.customer_id, store_orders.customer_id) as customer_id,
        coalesce(store_orders.store_days, 0) as store_days,
        coalesce(daily.sms_days, 0) as sms_days,
        coalesce(daily.email_days, 0) as email_days,
        coalesce(daily.web_days, 0) as web_days

    from daily
    full outer join store_orders
        on daily.customer_id = store_orders.customer_id

),

-- Ties go to the channel that takes more effort: a trip to the store, then an answer to a message, then a visit.
preferred as (

    select
        *,
        case
            when greatest(store_days, sms_days, email_days, web_days) = 0 then cast(null as {{ dbt.type_string() }})
            when store_days >= greatest(sms_days, email_days, web_days) then 'store'
            when sms_days >= greatest(email_days, web_days) then 'sms'
            when email_days >= web_days then 'email'
            else 'web'
        end as channel_preference

    from days

)

select * from preferred
