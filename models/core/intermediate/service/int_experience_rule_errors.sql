-- Grain: one row per fault of the seeds about topics, sentiment and loyalty: the row, what is wrong, and what to write.
{%- set faults = topic_faults(topic_keyword_rows(), sentiment_word_rows()) + loyalty_tier_faults(loyalty_tier_rows()) %}
with faults as (
    {{ literal_rows({
        'seed_name': dbt.type_string(),
        'row_text': dbt.type_string(),
        'reason': dbt.type_string(),
        'suggestion': dbt.type_string()
    }, faults) }}

)

select distinct * from faults
