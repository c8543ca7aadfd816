-- Grain: one row per customer of the spine: tickets, satisfaction, and what they wrote about.
{%- set counts = {
    'tickets': [
        'open_ticket_count', 'ticket_count_365d', 'complaint_count_365d',
        'delivery_issue_count_365d'
    ],
    'scores': ['good_satisfaction_count_365d', 'review_count'],
    'feedback': [
        'product_quality_feedback_count_365d', 'size_fit_feedback_count_365d', 'negative_feedback_count_365d'
    ]
} %}
{%- set means = {
    'tickets': ['average_resolution_hours_365d'],
    'scores': ['average_satisfaction_365d', 'average_review_stars']
} %}
with spine as (

    select * from {{ ref('int_customer_spine') }}

),

tickets as (

    select * from {{ ref('int_customer_tickets') }}

),

scores as (

    select * from {{ ref('int_customer_satisfaction') }}

),

feedback as (

    select * from {{ ref('int_customer_feedback') }}

),

joined as (

    select
        spine.customer_id,
        {% for relation, names in counts.items() -%}
        {% for name in names -%}
        cast(coalesce({{ relation }}.{{ name }}, 0) as bigint) as {{ name }},
        {% endfor -%}
        {% endfor -%}
        {% for relation, names in means.items() -%}
        {% for name in names -%}
        cast({{ relation }}.{{ name }} as double) as {{ name }},
        {% endfor -%}
        {% endfor -%}
        {% for name in ['worst_satisfaction_90d', 'latest_nps_score', 'lowest_nps_90d', 'latest_satisfaction_365d'] -%}
        cast(scores.{{ name }} as bigint) as {{ name }},
        {% endfor -%}
        cast({{ days_between('tickets.oldest_open_date', as_of_date()) }} as bigint) as oldest_open_ticket_days,
        cast({{ days_between('tickets.last_ticket_date', as_of_date()) }} as bigint) as days_since_last_ticket,
        scores.nps_group,
        scores.satisfaction_trend,
        feedback.latest_ticket_topic,
        feedback.main_return_reason_365d,
        coalesce(tickets.open_ticket_count, 0) > 0 as has_open_issue,
        coalesce(tickets.open_complaint_count, 0) > 0 as has_open_complaint

    from spine
    left join tickets
        on spine.customer_id = tickets.customer_id
    left join scores
        on spine.customer_id = scores.customer_id
    left join feedback
        on spine.customer_id = feedback.customer_id

)

select * from joined
