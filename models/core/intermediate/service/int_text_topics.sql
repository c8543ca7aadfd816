-- Grain: one row per different text and topic, by the keywords of topic_keywords and sentiment_words. No text.
-- Each text is read once, however often it was said.
with texts as (

    select distinct
        text_key,
        text

    from {{ ref('int_feedback_texts') }}

),

topics as (

    select * from (
        {{ classified_texts('texts', 'text_key', 'text', topic_keywords(), sentiment_words()) }}
    ) as classified

)

select * from topics
