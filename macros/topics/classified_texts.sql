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

{# Keywords as a LIKE pattern on plain words; * stands for any text. Checked words hold nothing that LIKE reads. #}
{% macro keyword_pattern(words) -%}
    {%- set inner = words | lower | replace('*', '%') -%}
    {{ text_literal('% ' ~ inner ~ ('' if words.endswith('*') else ' %')) }}
{%- endmacro %}

{# The topics of every text and how it sounds: one row per text and topic that at least one keyword speaks for, `other`
   where none does. `relation` has one row per `text_key`. Yields text_key, topic, topic_score (the weights of the
   keywords found), is_main_topic (highest score; of equals the first in the alphabet) and word_sentiment.

   keywords: dicts of topic, words, weight; sentiments: dicts of sentiment, words. Both checked before. #}
{% macro classified_texts(relation, text_key, text, keywords, sentiments) -%}
    {%- set topics = keywords | map(attribute='topic') | unique | sort -%}
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

    scored as (

        select
            {{ text_key }},
            {% for topic in topics -%}
            {%- for row in keywords if row.topic == topic -%}
            {{ '+ ' if not loop.first }}case when plain_words like {{ keyword_pattern(row.words) }} then {{ row.weight | int }} else 0 end
            {% endfor %} as {{ topic }}_score,
            {% endfor -%}
            {%- for sentiment in ['positive', 'negative'] -%}
            0
            {%- for row in sentiments if row.sentiment == sentiment %}
            {%- set words = modules.re.sub(negation_pattern(), ' not~', ' ' ~ row.words ~ ' ') | trim %}
            + case when marked_words like {{ keyword_pattern(words) }} then 1 else 0 end
            {%- endfor %} as {{ sentiment }}_count,
            {% endfor -%}
            0
            {%- for row in sentiments if row.sentiment == 'positive' and ' ' not in row.words %}
            + case when marked_words like {{ keyword_pattern('not~' ~ row.words) }} then 1 else 0 end
            {%- endfor %} as negated_positive_count

        from marked

    ),

    topics as (

        {% for topic in topics %}
        select
            {{ text_key }},
            '{{ topic }}' as topic,
            {{ topic }}_score as topic_score
        from scored
        where {{ topic }}_score > 0
        union all
        {% endfor %}
        select
            {{ text_key }},
            'other' as topic,
            0 as topic_score
        from scored
        where {% for topic in topics %}{{ topic }}_score{{ ' + ' if not loop.last }}{% else %}0{% endfor %} = 0

    )

    select
        topics.{{ text_key }},
        topics.topic,
        cast(topics.topic_score as bigint) as topic_score,
        row_number() over (
            partition by topics.{{ text_key }} order by topics.topic_score desc, topics.topic
        ) = 1 as is_main_topic,
        case
            when scored.positive_count > scored.negative_count + scored.negated_positive_count then 'positive'
            when scored.positive_count < scored.negative_count + scored.negated_positive_count then 'negative'
            else 'neutral'
        end as word_sentiment

    from topics
    inner join scored
        on topics.{{ text_key }} = scored.{{ text_key }}
{%- endmacro %}
