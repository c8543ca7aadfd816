-- Grain: one row per customer who answered in any channel in the preference_days of attribute_limits.
with daily as (

    select
        customer_id,
        count(*) filter (where email_human_open_count + email_click_count > 0) as email_days,
        count(*) filter (where sms_click_count > 0) as sms_days,
        count(*) filter (where visit_count > 0) as web_days

    from {{ ref('engagement_daily') }}
    cross join {{ ref('int_attribute_limits') }} as limits
    where {{ within_window('activity_date', 'limits.preference_days') }}
    group by customer_id

),

store_orders as (

    select
        customer_id,
        count(distinct ordered_date) as store_days

    from {{ ref('orders') }}
    cross join {{ ref('int_attribute_limits') }} as limits
    where
        customer_id is not null
        and channel = 'store'
        and is_counted
        and {{ within_window('ordered_date', 'limits.preference_days') }}
    group by customer_id

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

-- Of equal ones the channel that asks more of the customer: a way to the store, then an answer, then a visit.
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
