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

counted as (

    select
        customer_id,
        weekday_number,
        answer_hour,
        count(*) as answer_count

    from answers
    group by grouping sets ((customer_id, weekday_number), (customer_id, answer_hour))

),

-- Of equally many answers the earlier weekday and hour stand for the customer.
habits as (

    select
        customer_id,
        sum(answer_count) filter (where weekday_number is not null) as answer_count,
        max_by(weekday_number, answer_count * 7 - weekday_number) filter (where weekday_number is not null)
            as weekday_number,
        max_by(answer_hour, answer_count * 24 - answer_hour) filter (where answer_hour is not null) as answer_hour

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
