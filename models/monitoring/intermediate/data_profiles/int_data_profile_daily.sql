-- Grain: one row per profile, slice, measure and business day on which the profile has a row.
-- A view: read once, so there is nothing to gain from storing it.
{{ config(materialized='view') }}

with messages as (

    select
        occurred_date as profile_date,
        count(*) filter (where event_type = 'email_received') as received_count,
        count(*) filter (where event_type = 'email_open') as open_count,
        count(*) filter (where event_type = 'email_click') as click_count,
        count(*) filter (where event_type = 'bounced_email') as bounce_count,
        count(*) filter (where event_type in ({{ email_unsubscribe_types() }})) as unsubscribe_count

    from {{ ref('int_message_events') }}
    where {{ within_window('occurred_date', profile_days()) }}
    group by occurred_date

),

visits as (

    select
        session_date as profile_date,
        count(*) as visit_count,
        count(customer_id) as linked_count,
        sum(case when cart_addition_count > 0 then 1 else 0 end) as cart_count

    from {{ ref('int_web_sessions') }}
    where {{ within_window('session_date', profile_days()) }}
    group by session_date

),

tickets as (

    select
        created_date as profile_date,
        count(*) as ticket_count,
        sum(case when is_complaint then 1 else 0 end) as complaint_count

    from {{ ref('int_tickets') }}
    where {{ within_window('created_date', profile_days()) }}
    group by created_date

),

newcomers as (

    select
        first_seen_date as profile_date,
        count(*) as customer_count

    from {{ ref('int_customer_spine') }}
    where {{ within_window('first_seen_date', profile_days()) }}
    group by first_seen_date

),

contacts as (

    {{ profile_measures('messages', 'messages', "'all'", [
        ('email_count', 'count', 'received_count', 'received_count'),
        ('opens_per_email', 'rate', 'open_count', 'received_count'),
        ('clicks_per_email', 'rate', 'click_count', 'received_count'),
        ('bounces_per_email', 'rate', 'bounce_count', 'received_count'),
        ('unsubscribes_per_email', 'rate', 'unsubscribe_count', 'received_count')
    ]) }}

    union all

    {{ profile_measures('visits', 'visits', "'all'", [
        ('visit_count', 'count', 'visit_count', 'visit_count'),
        ('linked_share', 'share', 'linked_count', 'visit_count'),
        ('cart_share', 'share', 'cart_count', 'visit_count')
    ]) }}

    union all

    {{ profile_measures('tickets', 'tickets', "'all'", [
        ('ticket_count', 'count', 'ticket_count', 'ticket_count'),
        ('complaint_share', 'share', 'complaint_count', 'ticket_count')
    ]) }}

    union all

    {{ profile_measures('newcomers', 'customers', "'all'", [
        ('new_customer_count', 'count', 'customer_count', 'customer_count')
    ]) }}

),

unioned as (

    select * from {{ ref('int_data_profile_orders_daily') }}
    union all
    select * from {{ ref('int_data_profile_lines_daily') }}
    union all
    select * from contacts

),

typed as (

    select
        profile_name,
        slice_name,
        measure,
        measure_kind,
        cast(numerator as decimal(28, 6)) as numerator,
        cast(row_count as bigint) as row_count,
        {{ profile_value('measure_kind', 'numerator', 'row_count') }} as value,
        profile_date

    from unioned

)

select * from typed
