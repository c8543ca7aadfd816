-- Grain: one row per customer who opened or clicked e-mails in the 180 days that end with as_of_date: when they do.
with answers as (

    select
        customer_id,
        {{ weekday_number('occurred_date') }} as weekday_number,
        {{ business_hour('occurred_at') }} as answer_hour

    from {{ ref('int_message_events') }}
    where
        event_type in ('email_open', 'email_click')
        and {{ within_window('occurred_date', 180) }}

),

signs as (

    {% for habit in ['weekday_number', 'answer_hour'] %}
    select
        customer_id,
        '{{ habit }}' as habit,
        {{ habit }} as number_seen
    from answers
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

counted as (

    select
        customer_id,
        habit,
        number_seen,
        count(*) as answer_count

    from signs
    group by customer_id, habit, number_seen

),

-- Of equally many answers the earlier weekday and hour stand for the customer.
habits as (

    select
        customer_id,
        sum(answer_count) filter (where habit = 'weekday_number') as answer_count,
        max_by(number_seen, answer_count * 100 - number_seen) filter (where habit = 'weekday_number') as weekday_number,
        max_by(number_seen, answer_count * 100 - number_seen) filter (where habit = 'answer_hour') as answer_hour

    from counted
    group by customer_id

),

-- Two answers make no habit.
named as (

    select
        customer_id,
        {{ weekday_name('weekday_number') }} as favourite_email_weekday_180d,
        answer_hour as favourite_email_hour_180d

    from habits
    where answer_count >= 3

)

select * from named
