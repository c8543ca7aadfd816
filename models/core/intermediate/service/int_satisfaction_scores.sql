-- Grain: one row per score that a customer gave: a ticket rating, a satisfaction survey, a review or an NPS answer.
with tickets as (

    select * from {{ ref('int_tickets') }}
    where
        customer_id is not null
        and satisfaction is not null

),

responses as (

    select * from {{ ref('stg_surveys__responses') }}
    where responded_date <= {{ as_of_date() }}

),

identities as (

    select * from {{ ref('int_customer_identities') }}
    where source_system = 'surveys'

),

scores as (

    select
        concat_ws('', 'ticket:', ticket_id) as score_id,
        customer_id,
        'ticket' as score_type,
        cast(satisfaction as int) as score,
        rated_at as scored_at,
        rated_date as scored_date

    from tickets

    union all

    select
        concat_ws('', 'survey:', responses.response_id) as score_id,
        identities.customer_id,
        lower(responses.survey_type) as score_type,
        cast(responses.score as int) as score,
        responses.responded_at as scored_at,
        responses.responded_date as scored_date

    from responses
    inner join identities
        on responses.response_id = identities.source_profile_id
    where
        (lower(responses.survey_type) = 'nps' and responses.score between 0 and 10)
        or (lower(responses.survey_type) in ('csat', 'review') and responses.score between 1 and 5)

),

ranked as (

    select
        *,
        row_number() over (
            partition by customer_id, score_type
            order by scored_at desc, score asc nulls last, score_id asc
        ) = 1 as is_latest_of_type

    from scores

)

select * from ranked
