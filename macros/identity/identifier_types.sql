{# Columns of int_identity_profiles that can say that two profiles are one person, strongest first. #}
{% macro identifier_types() -%}
    {{ return(account_identifier_issuers() | list + ['email', 'phone']) }}
{%- endmacro %}

{# Numbers of accounts, and the source that issues each: its profile is the account itself, others only claim it. #}
{% macro account_identifier_issuers() -%}
    {{ return({'customer_number': 'crm', 'loyalty_number': 'loyalty', 'shop_customer_id': 'shopify'}) }}
{%- endmacro %}

{# Sources whose profiles are kept about a person and corrected over time; the others' are single events. #}
{% macro account_sources() -%}
    {{ return(['crm', 'shopify', 'loyalty', 'klaviyo', 'zendesk', 'hubspot']) }}
{%- endmacro %}

{# A list of words as SQL literals. #}
{% macro literal_list(words) -%}
    '{{ words | join("', '") }}'
{%- endmacro %}
