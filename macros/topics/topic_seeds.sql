{# The topics that customer_features counts by name. #}
{% macro feedback_topic_counts() -%}
    {{ return(['delivery', 'return_refund', 'product_quality', 'size_fit', 'payment_billing', 'service']) }}
{%- endmacro %}

{# The seed topic_keywords, one dict per row. Empty before it is loaded; unit tests override it. #}
{% macro topic_keyword_rows() -%}
    {{ return(seed_rows(ref('topic_keywords'), ['topic', 'language', 'words', 'weight'])) }}
{%- endmacro %}

{# The seed sentiment_words, one dict per row. Empty before it is loaded; unit tests override it. #}
{% macro sentiment_word_rows() -%}
    {{ return(seed_rows(ref('sentiment_words'), ['sentiment', 'language', 'words'])) }}
{%- endmacro %}

{# The checked rows; a faulty seed stops the model. #}
{% macro topic_keywords() -%}
    {%- set rows = topic_keyword_rows() -%}
    {%- do stop_on_seed_violations(['topic_keywords']) -%}
    {{ return(rows) }}
{%- endmacro %}

{% macro sentiment_words() -%}
    {%- set rows = sentiment_word_rows() -%}
    {%- do stop_on_seed_violations(['sentiment_words']) -%}
    {{ return(rows) }}
{%- endmacro %}
