-- Grain: one row per word or phrase, what it speaks for, and the form of a text in which it is looked for.
{% do stop_on_seed_violations(['topic_keywords', 'sentiment_words']) %}
with keywords as (

    select
        trim(topic) as label,
        cast(trim(weight) as int) as weight,
        trim(words) as words,
        trim(words) as pattern_words,
        false as looks_at_marked

    from {{ ref('topic_keywords') }}

),

-- Negations are looked for in the form in which they are marked: ' not so good ' reads ' not~good '.
moods as (

    select
        '(sentiment)' as label,
        case when trim(sentiment) = 'positive' then 1 else -1 end as weight,
        trim(words) as words,
        trim({{ regexp_replace_all("concat(' ', trim(words), ' ')", negation_pattern(), ' not~') }}) as pattern_words,
        true as looks_at_marked

    from {{ ref('sentiment_words') }}

),

-- A negation before a bad word takes it away; before a good one it turns it round.
negated_moods as (

    select
        label,
        -1 as weight,
        words,
        concat('not~', words) as pattern_words,
        looks_at_marked

    from moods
    where weight = 1 and words not like '% %'

),

unioned as (

    select * from keywords
    union all
    select * from moods
    union all
    select * from negated_moods

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
            order by length(word) desc, word
        ) as length_rank

    from words
    where word not like '%*' or length(word) > 3

),

-- The longest word, or its first three letters and * when it may end in any way: by it a text finds the few rows that
-- may be in it.
final as (

    select
        label,
        weight,
        words,
        concat('% ', replace(pattern_words, '*', '%'), case when pattern_words like '%*' then '' else ' %' end)
            as pattern,
        looks_at_marked,
        case when word like '%*' then concat(substr(word, 1, 3), '*') else word end as anchor

    from ranked
    where length_rank = 1

)

select * from final
