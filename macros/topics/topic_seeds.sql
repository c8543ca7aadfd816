{# The topics that customer_features counts by name. #}
{% macro feedback_topic_counts() -%}
    {{ return(['delivery', 'return_refund', 'product_quality', 'size_fit', 'payment_billing', 'service']) }}
{%- endmacro %}
