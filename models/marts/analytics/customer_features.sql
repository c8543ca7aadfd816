-- Grain: one row per customer who may be profiled: every attribute that a segment rule may use.
-- Each theme has a row for every customer, with its columns named and typed as here; this model only joins them.
{%- set themes = {
    'int_features_demographics': [
        'customer_type', 'country_code', 'region', 'age_band', 'gender', 'language', 'household_size',
        'is_domestic', 'birth_month', 'known_channels', 'source_count', 'days_since_first_seen',
        'demographic_completeness'
    ],
    'int_features_orders': [
        'order_count', 'order_count_30d', 'order_count_90d', 'order_count_180d', 'order_count_365d',
        'order_count_730d', 'days_since_first_order', 'days_since_last_order', 'days_before_last_order',
        'first_order_date', 'last_order_date', 'average_order_value', 'online_order_share',
        'expected_interval_days', 'overdue_ratio',
        'returned_order_count', 'size_return_count_180d', 'unit_return_rate', 'first_order_is_refunded',
        'has_pending_refund', 'promoted_share', 'full_price_share',
        'category_count', 'favourite_category', 'category_growth_category', 'missing_add_on_sku',
        'replenishment_due_in_days'
    ],
    'int_customer_lifecycle': ['lifecycle_stage'],
    'int_features_rfm': ['r_score', 'f_score', 'm_score', 'rfm_group'],
    'int_features_money': [
        'gross_revenue', 'net_revenue', 'contribution_margin', 'net_revenue_365d', 'contribution_margin_rate'
    ],
    'int_customer_engagement': [
        'email_received_count_90d', 'email_human_open_count_30d', 'email_human_open_count_90d',
        'email_click_count_90d', 'days_since_last_engagement', 'days_since_last_activity',
        'has_high_email_engagement',
        'visit_count_30d', 'page_view_count_7d', 'cart_addition_count_30d', 'days_since_last_cart_addition',
        'has_open_cart'
    ],
    'int_features_service': [
        'open_ticket_count', 'good_satisfaction_count_365d', 'worst_satisfaction_90d', 'latest_nps_score',
        'lowest_nps_90d', 'has_open_issue', 'has_open_complaint',
        'ticket_count_90d', 'ticket_count_365d', 'complaint_count_365d', 'delivery_issue_count_365d',
        'oldest_open_ticket_days', 'days_since_last_ticket', 'average_first_reply_minutes_180d',
        'longest_first_reply_minutes_180d', 'average_resolution_hours_365d', 'latest_satisfaction_365d',
        'average_satisfaction_365d', 'satisfaction_trend', 'nps_group', 'review_count', 'average_review_stars',
        'latest_ticket_topic', 'delivery_feedback_count_365d', 'return_refund_feedback_count_365d',
        'product_quality_feedback_count_365d', 'size_fit_feedback_count_365d',
        'payment_billing_feedback_count_365d', 'service_feedback_count_365d', 'negative_feedback_count_365d',
        'main_return_reason_365d'
    ],
    'int_customer_reachability': [
        'is_email_contactable', 'is_sms_contactable', 'is_phone_contactable', 'is_post_contactable',
        'is_ads_contactable', 'has_opted_out', 'has_hard_bounce', 'has_spam_complaint', 'has_legal_hold',
        'has_do_not_contact', 'days_since_email_opt_in', 'days_since_sms_opt_in'
    ],
    'int_features_loyalty': [
        'loyalty_tier', 'loyalty_points_balance', 'loyalty_card_count', 'days_since_joined_loyalty',
        'points_earned_365d', 'points_redeemed_365d', 'points_expiring_30d', 'points_expiring_90d',
        'next_points_expiry_date', 'days_since_points_earned', 'days_since_points_redeemed',
        'points_redemption_rate', 'next_loyalty_tier', 'next_tier_gap', 'expected_days_to_next_tier'
    ]
} %}
with customers as (

    select * from {{ ref('int_profiled_customers') }}

),

joined as (

    select
        customers.customer_id,
        {{ as_of_date() }} as as_of_date
        {%- for theme, columns in themes.items() %}
        {%- for column in columns %},
        {{ theme }}.{{ column }}
        {%- endfor %}
        {%- endfor %}

    from customers
    {%- for theme in themes %}
    left join {{ ref(theme) }} as {{ theme }}
        on customers.customer_id = {{ theme }}.customer_id
    {%- endfor %}

)

select * from joined
