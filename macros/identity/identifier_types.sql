{# Columns of int_identity_profiles that can link two profiles to one person, strongest first. #}
{% macro identifier_types() -%}
    {{ return(['customer_number', 'loyalty_number', 'shop_customer_id', 'email', 'phone']) }}
{%- endmacro %}
