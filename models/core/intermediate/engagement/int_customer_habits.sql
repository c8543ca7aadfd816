-- Grain: one row per customer who visited in the 90 days that end with as_of_date, or opened or clicked e-mails in the
-- 180 days: their usual times and device.
with sessions as (

    select
        customer_id,
        {{ weekday_number('session_date') }} as visit_weekday,
        {{ business_hour('started_at') }} as visit_hour,
        case device_type when 'app' then 1 when 'computer' then 2 when 'phone' then 3 when 'tablet' then 4 end
            as visit_device

    from {{ ref('int_web_sessions') }}
    where
        customer_id is not null
        and {{ within_window('session_date', 90) }}

),

answers as (

    select
        customer_id,
        {{ weekday_number('occurred_date') }} as email_weekday,
        {{ business_hour('occurred_at') }} as email_hour

    from {{ ref('int_message_events') }}
    where
        event_type in ('email_open', 'email_click')
        and {{ within_window('occurred_date', 180) }}

),

observations as (

    {% for habit, relation in [
        ('visit_weekday', 'sessions'), ('visit_hour', 'sessions'), ('visit_device', 'sessions'),
        ('email_weekday', 'answers'), ('email_hour', 'answers')
    ] %}
    select
        customer_id,
        '{{ habit }}' as habit,
        {{ habit }} as habit_value

    from {{ relation }}
    where {{ habit }} is not null
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

counted as (

    select
        customer_id,
        habit,
        habit_value,
        count(*) as observation_count

    from observations
    group by customer_id, habit, habit_value

),

-- Ties go to the earlier weekday and hour, and to the first device in the alphabet.
habits as (

    select
        customer_id,
        {% for habit in ['visit_weekday', 'visit_hour', 'visit_device', 'email_weekday', 'email_hour'] -%}
        min_by(habit_value, (-observation_count, habit_value)) filter (where habit = '{{ habit }}') as {{ habit }},
        {% endfor -%}
        sum(observation_count) filter (where habit = 'visit_weekday') as visit_count,
        sum(observation_count) filter (where habit = 'email_weekday') as email_count

    from counted
    group by customer_id

),

-- A few observations make no habit.
named as (

    select
        habits.customer_id,
        case when habits.visit_count >= limits.habit_count then {{ weekday_name('habits.visit_weekday') }} end
            as favourite_visit_weekday_90d,
        case when habits.visit_count >= limits.habit_count then habits.visit_hour end as favourite_visit_hour_90d,
        case habits.visit_device when 1 then 'app' when 2 then 'computer' when 3 then 'phone' when 4 then 'tablet' end
            as favourite_device_90d,
        case when habits.email_count >= limits.habit_count then {{ weekday_name('habits.email_weekday') }} end
            as favourite_email_weekday_180d,
        case when habits.email_count >= limits.habit_count then habits.email_hour end as favourite_email_hour_180d

    from habits
    cross join {{ ref('int_attribute_limits') }} as limits

)

select * from named
