-- Grain: one row per rated ticket: the last rating given by as_of_date.
with field_changes as (

    select * from {{ ref('stg_zendesk__ticket_field_changes') }}

),

-- "offered" is a question put to the customer, not a rating.
ratings as (

    select
        ticket_id,
        case when lower(value) like 'good%' then 5 else 1 end as satisfaction,
        changed_at as rated_at,
        {{ business_date('changed_at') }} as rated_date

    from field_changes
    where
        field_name = 'satisfaction_score'
        and (lower(value) like 'good%' or lower(value) like 'bad%')

),

-- People change their minds; of two ratings at the same instant the worse one counts.
ranked as (

    select
        *,
        row_number() over (
            partition by ticket_id
            order by rated_at desc, satisfaction asc
        ) as recency_rank

    from ratings
    where rated_date <= {{ as_of_date() }}

),

latest as (

    select
        ticket_id,
        satisfaction,
        rated_at,
        rated_date

    from ranked
    where recency_rank = 1

)

select * from latest
