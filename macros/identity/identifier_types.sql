{# Columns of int_identity_profiles that can say that two profiles are one person. #}
{% macro identifier_types() -%}
    {{ return(['email', 'phone', 'loyalty_number', 'customer_number', 'shop_customer_id']) }}
{%- endmacro %}
