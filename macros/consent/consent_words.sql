{# What a period of consent may be, the one that decides first: the strictest valid statement wins. A permission that
   waits for its confirmation, cannot be understood or has lapsed gives nothing, and takes nothing that was given
   under another contact point. #}
{% macro consent_kinds() -%}
    {{ return([
        'opted_out', 'spam_complaint', 'hard_bounce', 'opted_in', 'pending', 'unclear', 'expired'
    ]) }}
{%- endmacro %}

{# The channels on which a person may be contacted. #}
{% macro contact_channels() -%}
    {{ return(['email', 'sms', 'phone', 'post', 'ads']) }}
{%- endmacro %}
