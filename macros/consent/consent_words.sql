{# Kinds of consent period, in order of precedence: the strictest valid statement wins. A permission that is pending,
   unclear or expired gives nothing, and does not withdraw permission given under another contact point. #}
{% macro consent_kinds() -%}
    {{ return([
        'opted_out', 'spam_complaint', 'hard_bounce', 'opted_in', 'pending', 'unclear', 'expired'
    ]) }}
{%- endmacro %}

{# Channels on which a person can be contacted; on the web site they come by themselves. #}
{% macro contact_channels() -%}
    {{ return(['email', 'sms', 'phone', 'post', 'ads']) }}
{%- endmacro %}

{# Channels of segments on which marketing reaches people, each with its name in statements of consent. #}
{% macro audience_channels() -%}
    {{ return({'email': 'email', 'sms': 'sms', 'ads': 'ads', 'direct_mail': 'post', 'onsite': 'onsite'}) }}
{%- endmacro %}

{# All channels that a statement of consent or an objection may name. #}
{% macro objection_channels() -%}
    {{ return(contact_channels() + ['onsite']) }}
{%- endmacro %}
