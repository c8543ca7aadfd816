{# The topics that customer_features counts by name. #}
{% macro feedback_topic_counts() -%}
    {{ return(['delivery', 'return_refund', 'product_quality', 'size_fit', 'payment_billing', 'service']) }}
{%- endmacro %}

{# The seed topic_keywords, one dict per row. Empty before it is loaded. #}
{% macro topic_keyword_rows() -%}
    {{ return(seed_rows(ref('topic_keywords'), ['topic', 'language', 'words', 'weight'])) }}
{%- endmacro %}

{# The seed sentiment_words, one dict per row. Empty before it is loaded. #}
{% macro sentiment_word_rows() -%}
    {{ return(seed_rows(ref('sentiment_words'), ['sentiment', 'language', 'words'])) }}
{%- endmacro %}

{# What is wrong with the rows of both seeds: dicts of seed_name, row_text, reason, suggestion. #}
{% macro topic_faults(keywords, sentiments) -%}
    {%- set faults = [] -%}
    {%- set seen = [] -%}
    {%- for row in keywords + sentiments -%}
        {%- set seed_name = 'topic_keywords' if 'topic' in row else 'sentiment_words' -%}
        {%- set label = row.topic if 'topic' in row else row.sentiment -%}
        {%- set found = [] -%}
        {%- if 'topic' in row and not modules.re.match('^[a-z][a-z0-9_]{0,40}$', label) -%}
            {%- do found.append(["topic is '" ~ label ~ "'", 'write small letters joined by underscores']) -%}
        {%- elif label == 'other' -%}
            {%- do found.append(['other is what no keyword speaks for', 'give the topic another name']) -%}
        {%- elif 'topic' not in row and label not in ['positive', 'negative'] -%}
            {%- do found.append(["sentiment is '" ~ label ~ "'", 'write positive or negative; neutral is neither']) -%}
        {%- endif -%}
        {%- if not row.words -%}
            {%- do found.append(['words is empty', 'write a word or phrase, or delete the row']) -%}
        {%- elif not modules.re.match('^[0-9a-zß-ӿ]+[*]?( ([0-9a-zß-ӿ]+[*]?|[*]))*$', row.words) -%}
            {%- do found.append([
                "words cannot be '" ~ row.words ~ "'",
                'write small letters and figures with one space between words, no punctuation (wont, not won\'t); * stands for any text, but not first'
            ]) -%}
        {%- elif not modules.re.search('(^| )([^ *]{2,}( |$)|[^ *]{3,}[*])', row.words) -%}
            {%- do found.append([
                "words is '" ~ row.words ~ "', which is in almost every text",
                'write one whole word of two letters at least, or three letters before a *'
            ]) -%}
        {%- elif [seed_name, label, row.words] in seen -%}
            {%- do found.append([row.words ~ ' stands there twice for ' ~ label, 'delete one row']) -%}
        {%- endif -%}
        {%- if 'topic' in row and not modules.re.match('^[1-9]$', row.weight | string) -%}
            {%- do found.append(["weight is '" ~ row.weight ~ "'", 'write 1 (a hint) to 9 (decides by itself)']) -%}
        {%- endif -%}
        {%- if not modules.re.match('^[a-z]{2}$', row.language) -%}
            {%- do found.append(["language is '" ~ row.language ~ "'", 'write two letters such as en']) -%}
        {%- endif -%}
        {%- do seen.append([seed_name, label, row.words]) -%}
        {%- for fault in found -%}
            {%- do faults.append({
                'seed_name': seed_name, 'row_text': [label, row.words] | join(', '), 'reason': fault[0], 'suggestion': fault[1]
            }) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(faults) }}
{%- endmacro %}
