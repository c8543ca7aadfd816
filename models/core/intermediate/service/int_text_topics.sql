-- Grain: one row per distinct text and topic with at least one matching keyword, `other` where none matches. No text.
-- Each text is classified once, however often it occurs.
with texts as (

    select distinct
        text_key,
        {{ plain_words('text') }} as plain_words

    from {{ ref('int_feedback_texts') }}

),

marked as (

    select
        text_key,
        plain_words,
        {{ regexp_replace_all('plain_words', negation_pattern(), ' not~') }} as marked_words

    from texts

),

words as (

    select
        text_key,
        {{ split_to_rows("replace(trim(plain_words), ' ', '|')") }} as word

    from marked

),

anchors as (

    select
        text_key,
        word as anchor
    from words
    union
    select
        text_key,
        concat_ws('', substr(word, 1, 3), '*') as anchor
    from words

),

scores as (

    select
        marked.text_key,
        keywords.label,
        sum(keywords.weight) as score

    from anchors
    inner join {{ ref('int_topic_keywords') }} as keywords
        on anchors.anchor = keywords.anchor
    inner join marked
        on anchors.text_key = marked.text_key
    where
        case when keywords.looks_at_marked then marked.marked_words else marked.plain_words end
        like keywords.pattern
    group by marked.text_key, keywords.label

),

-- Ties go to the first topic in the alphabet.
ranked as (

    select
        text_key,
        label,
        score,
        row_number() over (partition by text_key order by score desc, label) as place

    from scores
    where label <> '(sentiment)'

),

topics as (

    select
        marked.text_key,
        coalesce(ranked.label, 'other') as topic,
        cast(coalesce(ranked.score, 0) as bigint) as topic_score,
        coalesce(ranked.place, 1) = 1 as is_main_topic,
        case
            when sentiments.score > 0 then 'positive'
            when sentiments.score < 0 then 'negative'
            else 'neutral'
        end as word_sentiment

    from marked
    left join ranked
        on marked.text_key = ranked.text_key
    left join scores as sentiments
        on marked.text_key = sentiments.text_key
            and sentiments.label = '(sentiment)'

)

select * from topics
