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

{# Stops the model when the rules of consent are faulty: nobody is contacted by rules that are in doubt. #}
{% macro stop_on_consent_rule_errors() -%}
    {%- do stop_on_rule_errors(
        ref('int_consent_rule_errors'),
        'the consent rules have {count} fault(s); nobody is contacted until they are mended'
    ) -%}
{%- endmacro %}
