{# A text in the form that keywords are held against: small letters and figures, one space between words and around the
   whole. n't becomes nt, other punctuation a space. #}
{% macro plain_words(text) -%}
    concat(' ', trim({{ regexp_replace_all(
        "replace(replace(lower(" ~ text ~ "), '’', " ~ text_literal("'") ~ "), " ~ text_literal("n't") ~ ", 'nt')",
        '[^0-9a-zß-ӿ]+', ' '
    ) }}), ' ')
{%- endmacro %}

{# Words that turn the next one into its opposite, with what may stand between: ' not so good ' reads ' not~good '. #}
{% macro negation_pattern() -%}
    {%- set negators -%}
        not|no|never|without|cannot|cant|isnt|wasnt|arent|werent|dont|doesnt|didnt|couldnt|wont|wouldnt|shouldnt|hasnt|havent|hadnt|nicht|kein|keine|pas
    {%- endset -%}
     ({{ negators | trim }}) ((very|so|really|that|too|a|an|the|any|at|all|as|be|been|quite|even|much|sehr|très) )*
{%- endmacro %}

{# One row of the list that texts are held against: what it speaks for, a LIKE pattern, which form of the text is meant,
   and its longest word (three letters and * when it may end in any way), by which a text finds the few rows that may be
   in it. Checked words hold nothing that LIKE reads. #}
{% macro keyword_row(label, weight, words, pattern_words, looks_at_marked) -%}
    {%- set longest = namespace(word='') -%}
    {%- for word in words.split(' ') if (not word.endswith('*') or word | length > 3) and word | length > longest.word | length -%}
        {%- set longest.word = word -%}
    {%- endfor -%}
    {%- set inner = pattern_words | replace('*', '%') -%}
    ({{ text_literal(label) }}, {{ weight | int }}, {{ text_literal('% ' ~ inner ~ ('' if inner.endswith('%') else ' %')) }}, {{ looks_at_marked }}, {{ text_literal(longest.word[:3] ~ '*' if longest.word.endswith('*') else longest.word) }})
{%- endmacro %}

{# All rows of that list. A negation before a bad word takes it away; before a good one it turns it round. #}
{% macro keyword_rows(keywords, sentiments) -%}
    {%- set rows = [] -%}
    {%- for row in keywords -%}
        {%- do rows.append(keyword_row(row.topic, row.weight, row.words, row.words, 'false')) -%}
    {%- endfor -%}
    {%- for row in sentiments -%}
        {%- set marked = modules.re.sub(negation_pattern(), ' not~', ' ' ~ row.words ~ ' ') | trim -%}
        {%- set sign = 1 if row.sentiment == 'positive' else -1 -%}
        {%- do rows.append(keyword_row('(sentiment)', sign, row.words, marked, 'true')) -%}
        {%- if sign == 1 and ' ' not in row.words -%}
            {%- do rows.append(keyword_row('(sentiment)', -1, row.words, 'not~' ~ row.words, 'true')) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- do rows.append("('(none)', 0, '', false, '')") -%}
    {{ rows | join(',\n        ') }}
{%- endmacro %}

{# The topics of every text and how it sounds: one row per text and topic that at least one keyword speaks for, `other`
   where none does. `relation` has one row per `text_key`. Yields text_key, topic, topic_score (the weights of the
   keywords found), is_main_topic (highest score; of equals the first in the alphabet) and word_sentiment.

   keywords: dicts of topic, words, weight; sentiments: dicts of sentiment, words. Both checked before. #}
{% macro classified_texts(relation, text_key, text, keywords, sentiments) -%}
    with plain as (

        select
            {{ text_key }},
            {{ plain_words(text) }} as plain_words

        from {{ relation }}

    ),

    marked as (

        select
            {{ text_key }},
            plain_words,
            {{ regexp_replace_all('plain_words', negation_pattern(), ' not~') }} as marked_words

        from plain

    ),

    keywords (label, weight, pattern, looks_at_marked, anchor) as (

        values
        {{ keyword_rows(keywords, sentiments) }}

    ),

    words as (

        select
            {{ text_key }},
            {{ split_to_rows("replace(trim(plain_words), ' ', '|')") }} as word

        from marked

    ),

    anchors as (

        select
            {{ text_key }},
            word as anchor
        from words
        union
        select
            {{ text_key }},
            concat(substr(word, 1, 3), '*') as anchor
        from words

    ),

    scores as (

        select
            marked.{{ text_key }},
            keywords.label,
            sum(keywords.weight) as score

        from anchors
        inner join keywords
            on anchors.anchor = keywords.anchor
        inner join marked
            on anchors.{{ text_key }} = marked.{{ text_key }}
        where
            case when keywords.looks_at_marked then marked.marked_words else marked.plain_words end
            like keywords.pattern
        group by marked.{{ text_key }}, keywords.label

    ),

    ranked as (

        select
            {{ text_key }},
            label,
            score,
            row_number() over (partition by {{ text_key }} order by score desc, label) as place

        from scores
        where label <> '(sentiment)'

    )

    select
        marked.{{ text_key }},
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
        on marked.{{ text_key }} = ranked.{{ text_key }}
    left join scores as sentiments
        on
            marked.{{ text_key }} = sentiments.{{ text_key }}
            and sentiments.label = '(sentiment)'
{%- endmacro %}
