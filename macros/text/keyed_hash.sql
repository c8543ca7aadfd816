{# A keyed hash: the same value gives the same text, and the value cannot be found without the key. Null stays
   null. The key is the environment variable SEGMENTATION_HASH_KEY; its default is for demo data only. #}
{% macro keyed_hash(expression) -%}
    {%- set key = dbt.escape_single_quotes(env_var('SEGMENTATION_HASH_KEY', 'demo')) -%}
    {%- set keyed_text = "'" ~ key ~ "|' || cast(" ~ expression ~ " as " ~ dbt.type_string() ~ ")" -%}
    {{ return(adapter.dispatch('keyed_hash', 'customer_segmentation')(keyed_text)) }}
{%- endmacro %}

{% macro default__keyed_hash(keyed_text) -%}
    substr(sha256({{ keyed_text }}), 1, 32)
{%- endmacro %}

{% macro spark__keyed_hash(keyed_text) -%}
    substr(sha2({{ keyed_text }}, 256), 1, 32)
{%- endmacro %}
