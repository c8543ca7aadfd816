{# SHA-256 of a text as 64 hexadecimal digits. #}
{% macro sha256_hash(expression) -%}
    {{ return(adapter.dispatch('sha256_hash', 'customer_segmentation')(expression)) }}
{%- endmacro %}

{% macro default__sha256_hash(expression) -%}
    sha256({{ expression }})
{%- endmacro %}

{% macro spark__sha256_hash(expression) -%}
    sha2({{ expression }}, 256)
{%- endmacro %}
