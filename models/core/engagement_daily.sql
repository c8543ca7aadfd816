-- Grain: one row per customer and business day with any message or web activity.
{#- Additive measures and the event types they count. A visit counts on the day it began, other events on their own. #}
{%- set message_counts = {
    'email_received_count': "'email_received'", 'email_human_open_count': "'email_open'",
    'email_machine_open_count': "'email_machine_open'", 'email_click_count': "'email_click'",
    'email_bounce_count': "'bounced_email'", 'email_spam_mark_count': "'marked_email_as_spam'",
    'email_unsubscribe_count': email_unsubscribe_types(), 'sms_received_count': "'sms_received'",
    'sms_click_count': "'sms_click'", 'sms_unsubscribe_count': sms_unsubscribe_types()
} %}
{%- set web_counts = {
    'page_view_count': "'page_view'", 'product_view_count': "'product_view'", 'cart_addition_count': "'cart_addition'",
    'product_list_view_count': "'product_list_view'", 'search_count': "'search'",
    'cart_removal_count': "'cart_removal'", 'checkout_start_count': "'checkout_started'"
} %}
with events as (

    select
        customer_id,
        occurred_date as activity_date,
        event_type,
        0 as visit_count,
        0 as visit_seconds

    from {{ ref('int_message_events') }}

    union all

    select
        customer_id,
        occurred_date as activity_date,
        event_type,
        0 as visit_count,
        0 as visit_seconds

    from {{ ref('int_web_events') }}
    where customer_id is not null

    union all

    select
        customer_id,
        session_date as activity_date,
        'visit' as event_type,
        1 as visit_count,
        duration_seconds as visit_seconds

    from {{ ref('int_web_sessions') }}
    where customer_id is not null

),

daily as (

    select
        customer_id,
        activity_date,

        {% for name, types in message_counts.items() -%}
        count(*) filter (where event_type in ({{ types }})) as {{ name }},
        {% endfor -%}
        cast(sum(visit_count) as bigint) as visit_count,
        {% for name, types in web_counts.items() -%}
        count(*) filter (where event_type in ({{ types }})) as {{ name }},
        {% endfor -%}
        cast(sum(visit_seconds) as bigint) as visit_seconds

    from events
    group by customer_id, activity_date

)

select * from daily
