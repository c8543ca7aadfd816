-- Grain: one row per customer text (ticket, survey comment, comment on a rating) and topic. No free text.
with texts as (

    select * from {{ ref('int_feedback_texts') }}

),

topics as (

    select * from {{ ref('int_text_topics') }}

),

labelled as (

    select
        texts.feedback_id,
        topics.topic,
        texts.customer_id,
        texts.source,
        texts.ticket_id,
        texts.said_date,
        topics.is_main_topic,
        topics.topic_score,
        -- A rating given with the text outranks the sentiment of its words.
        coalesce(texts.rating_sentiment, topics.word_sentiment) as sentiment,
        case when texts.rating_sentiment is not null then 'rating' else 'words' end as sentiment_from

    from texts
    inner join topics
        on texts.text_key = topics.text_key

)

select * from labelled
