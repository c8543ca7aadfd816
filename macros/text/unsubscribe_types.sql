{# Event types of the sending tool that end permission for e-mail, old and new names, as a list of literals. #}
{% macro email_unsubscribe_types() -%}
    'unsubscribed', 'unsubscribed_from_list', 'unsubscribed_from_email_marketing'
{%- endmacro %}

{# The same for SMS. #}
{% macro sms_unsubscribe_types() -%}
    'unsubscribed_from_sms', 'unsubscribed_from_sms_marketing'
{%- endmacro %}
