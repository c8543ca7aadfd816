{# A shop account's marketing state on a channel, from the columns of the connector: see consent_states. An account
   whose data were redacted at the customer's request has withdrawn. The older flag for e-mail is read where the newer
   columns are not delivered. #}
{% macro shopify_consent_state(channel) -%}
    {%- set state = 'lower(' ~ channel ~ '_marketing_consent_state)' -%}
    {%- set level = 'lower(' ~ channel ~ '_marketing_consent_opt_in_level)' -%}
    case
        when {{ state }} in ('unsubscribed', 'redacted') then 'withdrawn'
        when {{ state }} = 'subscribed' and {{ level }} = 'confirmed_opt_in' then 'confirmed'
        when {{ state }} = 'subscribed' then 'subscribed'
        when {{ state }} is not null then 'none'
        {%- if channel == 'email' %}
        when accepts_marketing and lower(marketing_opt_in_level) = 'confirmed_opt_in' then 'confirmed'
        when accepts_marketing then 'subscribed'
        when not accepts_marketing then 'none'
        {%- endif %}
    end
{%- endmacro %}

{# The same of a profile of the sending tool. One that agreed and is suppressed gets no mail: suppression withdraws. #}
{% macro klaviyo_consent_state(channel) -%}
    {%- set prefix = 'subscriptions_' ~ channel ~ '_marketing_' -%}
    {%- set state = 'lower(' ~ prefix ~ 'consent)' -%}
    case
        when {{ state }} = 'unsubscribed' then 'withdrawn'
        {%- if channel == 'email' %}
        when not {{ prefix }}can_receive_email_marketing then 'withdrawn'
        {%- endif %}
        when {{ state }} = 'subscribed' and {{ prefix }}double_optin then 'confirmed'
        when {{ state }} = 'subscribed' then 'subscribed'
        when {{ state }} is not null then 'none'
    end
{%- endmacro %}
