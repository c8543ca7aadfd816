-- Grain: one row per customer text: a ticket, a survey answer with a comment, or a comment on a ticket's rating.
-- Free text, so it stays out of the marts. Merged and deleted tickets are left out.
{{ config(schema='pii') }}
{%- set is_nps = "lower(responses.survey_type) = 'nps'" %}
{%- set has_stars = "lower(responses.survey_type) in ('csat', 'review')" %}
with tickets as (

    select * from {{ ref('int_tickets') }}
    where not is_merged and status <> 'deleted'

),

-- The requester's first message, for help desks that send no description.
first_messages as (

    select
        comments.ticket_id,
        min_by(comments.body, (comments.commented_at, comments.comment_id)) filter (
            where comments.body is not null and comments.commented_at is not null
        ) as body

    from {{ ref('stg_zendesk__ticket_comments') }} as comments
    inner join {{ ref('stg_zendesk__tickets') }} as ticket_texts
        on comments.ticket_id = ticket_texts.ticket_id
            and comments.author_id = ticket_texts.requester_id
    where comments.is_public
        and comments.commented_date <= {{ as_of_date() }}
        and coalesce(trim(ticket_texts.description), '') = ''
    group by comments.ticket_id

),

rating_comments as (

    select
        ticket_id,
        {{ newest_value('value', 'changed_at') }} as comment,
        {{ business_date('max(changed_at)') }} as said_date

    from {{ ref('stg_zendesk__ticket_field_changes') }}
    where field_name = 'satisfaction_comment'
        and {{ business_date('changed_at') }} <= {{ as_of_date() }}
    group by ticket_id

),

texts as (

    select
        {{ keyed_hash("concat_ws('', 'ticket:', tickets.ticket_id)") }} as feedback_id,
        'ticket' as source,
        tickets.ticket_id,
        tickets.customer_id,
        tickets.created_date as said_date,
        cast(null as {{ dbt.type_string() }}) as rating_sentiment,
        concat_ws(
            '', coalesce(ticket_texts.subject, ''), '. ',
            coalesce(nullif(trim(ticket_texts.description), ''), first_messages.body, '')
        ) as text

    from tickets
    inner join {{ ref('stg_zendesk__tickets') }} as ticket_texts
        on tickets.ticket_id = ticket_texts.ticket_id
    left join first_messages
        on tickets.ticket_id = first_messages.ticket_id

    union all

    select
        {{ keyed_hash("concat_ws('', 'rating:', tickets.ticket_id)") }} as feedback_id,
        'ticket_rating' as source,
        tickets.ticket_id,
        tickets.customer_id,
        rating_comments.said_date,
        case tickets.satisfaction when 5 then 'positive' when 1 then 'negative' end as rating_sentiment,
        rating_comments.comment as text

    from rating_comments
    inner join tickets
        on rating_comments.ticket_id = tickets.ticket_id

    union all

    select
        {{ keyed_hash("concat_ws('', 'survey:', responses.response_id)") }} as feedback_id,
        lower(responses.survey_type) as source,
        null as ticket_id,
        identities.customer_id,
        responses.responded_date as said_date,
        case
            when {{ is_nps }} and responses.score between limits.promoter_score and 10 then 'positive'
            when {{ is_nps }} and responses.score >= 0 and responses.score < limits.passive_score then 'negative'
            when {{ has_stars }} and responses.score between limits.good_score and 5 then 'positive'
            when {{ has_stars }} and responses.score between 1 and limits.bad_score then 'negative'
        end as rating_sentiment,
        responses.comment as text

    from {{ ref('stg_surveys__responses') }} as responses
    cross join {{ ref('int_attribute_limits') }} as limits
    left join {{ ref('int_customer_identities') }} as identities
        on responses.response_id = identities.source_profile_id and identities.source_system = 'surveys'
    where responses.responded_date <= {{ as_of_date() }}
        and lower(responses.survey_type) in ('nps', 'csat', 'review')

),

keyed as (

    select
        *,
        md5(text) as text_key

    from texts
    where coalesce({{ regexp_replace_all('text', '[ .]') }}, '') <> ''

)

select * from keyed
