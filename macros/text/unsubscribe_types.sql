{# The sending tool's event types, old and new names, that withdraw e-mail permission, as a list of literals. #}
{% macro email_unsubscribe_types() -%}
    'unsubscribed', 'unsubscribed_from_list', 'unsubscribed_from_email_marketing'
{%- endmacro %}

{# The same for SMS. #}
{% macro sms_unsubscribe_types() -%}
    'unsubscribed_from_sms', 'unsubscribed_from_sms_marketing'
{%- endmacro %}
