-- Grain: one row per customer and business day with an e-mail or SMS event.
{%- set counts = {
    'email_received_count': "'email_received'", 'email_human_open_count': "'email_open'",
    'email_machine_open_count': "'email_machine_open'", 'email_click_count': "'email_click'",
    'email_bounce_count': "'bounced_email'", 'email_spam_mark_count': "'marked_email_as_spam'",
    'email_unsubscribe_count': email_unsubscribe_types(), 'sms_received_count': "'sms_received'",
    'sms_click_count': "'sms_click'", 'sms_unsubscribe_count': sms_unsubscribe_types()
} %}
with events as (

    select * from {{ ref('int_message_events') }}

),

daily as (

    select
        customer_id,
        {% for name, types in counts.items() %}
        count(*) filter (where event_type in ({{ types }})) as {{ name }},
        {% endfor %}
        occurred_date as activity_date

    from events
    group by customer_id, occurred_date

)

select * from daily
