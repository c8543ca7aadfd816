-- Grain: one row per customer with a visit in the 90 days that end with as_of_date: when and with what they come.
with sessions as (

    select
        customer_id,
        {{ weekday_number('session_date') }} as weekday_number,
        {{ business_hour('started_at') }} as visit_hour,
        case device_type when 'app' then 1 when 'computer' then 2 when 'phone' then 3 when 'tablet' then 4 end
            as device_number

    from {{ ref('int_web_sessions') }}
    where
        customer_id is not null
        and {{ within_window('session_date', 90) }}

),

signs as (

    {% for habit in ['weekday_number', 'visit_hour', 'device_number'] %}
    select
        customer_id,
        '{{ habit }}' as habit,
        {{ habit }} as number_seen
    from sessions
    where {{ habit }} is not null
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

counted as (

    select
        customer_id,
        habit,
        number_seen,
        count(*) as visit_count

    from signs
    group by customer_id, habit, number_seen

),

-- Of equally many visits the earlier weekday and hour, and the first device of the alphabet, stand for the customer.
habits as (

    select
        customer_id,
        sum(visit_count) filter (where habit = 'weekday_number') as visit_count,
        max_by(number_seen, visit_count * 100 - number_seen) filter (where habit = 'weekday_number') as weekday_number,
        max_by(number_seen, visit_count * 100 - number_seen) filter (where habit = 'visit_hour') as visit_hour,
        max_by(number_seen, visit_count * 100 - number_seen) filter (where habit = 'device_number') as device_number

    from counted
    group by customer_id

),

-- Two visits make no habit.
named as (

    select
        customer_id,
        case when visit_count >= 3 then {{ weekday_name('weekday_number') }} end as favourite_visit_weekday_90d,
        case when visit_count >= 3 then visit_hour end as favourite_visit_hour_90d,
        case device_number when 1 then 'app' when 2 then 'computer' when 3 then 'phone' when 4 then 'tablet' end
            as favourite_device_90d

    from habits

)

select * from named
