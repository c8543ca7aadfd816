-- Grain: one row per word or phrase: its label, its weight, and the form of a text that it is matched against.
{% do stop_on_seed_violations(['topic_keywords', 'sentiment_words']) %}
with keywords as (

    select
        trim(topic) as label,
        {{ whole_number('weight') }} as weight,
        trim(words) as words,
        trim(words) as pattern_words,
        false as looks_at_marked

    from {{ ref('topic_keywords') }}

),

-- Negations are matched in their marked form: ' not so good ' becomes ' not~good '.
sentiments as (

    select
        '(sentiment)' as label,
        case when trim(sentiment) = 'positive' then 1 else -1 end as weight,
        trim(words) as words,
        trim(
            {{ regexp_replace_all("concat_ws('', ' ', trim(words), ' ')", negation_pattern(), ' not~') }}
        ) as pattern_words,
        true as looks_at_marked

    from {{ ref('sentiment_words') }}

),

-- A negation before a negative word cancels it; before a positive one it reverses it.
negated_sentiments as (

    select
        label,
        -1 as weight,
        words,
        concat_ws('', 'not~', words) as pattern_words,
        looks_at_marked

    from sentiments
    where weight = 1 and words not like '% %'

),

unioned as (

    select * from keywords
    union all
    select * from sentiments
    union all
    select * from negated_sentiments

),

words as (

    select
        unioned.*,
        {{ split_to_rows("replace(words, ' ', '|')") }} as word

    from unioned

),

ranked as (

    select
        *,
        row_number() over (
            partition by label, weight, words, pattern_words
            order by length(word) desc, word nulls last
        ) as length_rank

    from words
    where word not like '%*' or length(word) > 3

),

-- The anchor is the longest word, or its first three letters and * when any ending matches: a text is compared only
-- with the rows whose anchor it contains.
final as (

    select
        label,
        weight,
        words,
        concat_ws('', '% ', replace(pattern_words, '*', '%'), case when pattern_words like '%*' then '' else ' %' end)
            as pattern,
        looks_at_marked,
        case when word like '%*' then concat_ws('', substr(word, 1, 3), '*') else word end as anchor

    from ranked
    where length_rank = 1

)

select * from final
