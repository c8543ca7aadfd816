-- Grain: one row per customer with a visit in the 90 days that end with as_of_date: when and with what they come.
with sessions as (

    select
        customer_id,
        device_type,
        {{ weekday_number('session_date') }} as weekday_number,
        {{ business_hour('started_at') }} as visit_hour

    from {{ ref('int_web_sessions') }}
    where
        customer_id is not null
        and {{ within_window('session_date', 90) }}

),

-- What a customer's visits have in common, one habit at a time.
counted as (

    select
        customer_id,
        weekday_number,
        visit_hour,
        device_type,
        count(*) as visit_count

    from sessions
    group by grouping sets ((customer_id, weekday_number), (customer_id, visit_hour), (customer_id, device_type))

),

-- Of equally many visits the earlier weekday and hour, and the first device of the alphabet, stand for the customer.
habits as (

    select
        customer_id,
        sum(visit_count) filter (where weekday_number is not null) as visit_count,
        max_by(weekday_number, visit_count * 7 - weekday_number) filter (where weekday_number is not null)
            as weekday_number,
        max_by(visit_hour, visit_count * 24 - visit_hour) filter (where visit_hour is not null) as visit_hour,
        max(visit_count) filter (where device_type is not null) as device_visit_count

    from counted
    group by customer_id

),

devices as (

    select
        counted.customer_id,
        min(counted.device_type) as device_type

    from counted
    inner join habits
        on counted.customer_id = habits.customer_id
    where counted.device_type is not null and counted.visit_count = habits.device_visit_count
    group by counted.customer_id

),

-- Two visits make no habit.
named as (

    select
        habits.customer_id,
        case when habits.visit_count >= 3 then {{ weekday_name('habits.weekday_number') }} end as favourite_visit_weekday_90d,
        case when habits.visit_count >= 3 then habits.visit_hour end as favourite_visit_hour_90d,
        devices.device_type as favourite_device_90d

    from habits
    left join devices
        on habits.customer_id = devices.customer_id

)

select * from named
