{# Kinds of consent period, in order of precedence: the strictest valid statement wins. A permission that is pending,
   unclear or expired gives nothing, and does not withdraw permission given under another contact point. #}
{% macro consent_kinds() -%}
    {{ return([
        'opted_out', 'spam_complaint', 'hard_bounce', 'opted_in', 'pending', 'unclear', 'expired'
    ]) }}
{%- endmacro %}

{# Channels on which a person can be contacted. #}
{% macro contact_channels() -%}
    {{ return(['email', 'sms', 'phone', 'post', 'ads']) }}
{%- endmacro %}
