-- Grain: one row per customer who may be profiled: every attribute that a segment rule may use.
-- Each theme has a row for every customer, with its columns named and typed as here; this model only joins them.
{%- set themes = {
    'int_features_demographics': [
        'customer_type', 'country_code', 'region', 'age_band', 'gender', 'language', 'household_size', 'is_domestic',
        'birth_month', 'known_channels', 'days_since_first_seen', 'demographic_completeness'
    ],
    'int_features_orders': [
        'order_count', 'order_count_30d', 'order_count_90d', 'order_count_180d', 'order_count_365d',
        'order_count_730d', 'days_since_first_order', 'days_since_last_order', 'first_order_date', 'last_order_date',
        'average_order_value', 'average_order_value_365d', 'highest_order_value', 'last_order_value', 'unit_count',
        'units_per_order', 'order_channel_count', 'online_order_share', 'store_order_share',
        'marketplace_order_share', 'preferred_order_channel', 'first_order_channel', 'last_order_channel',
        'preferred_payment_method', 'favourite_order_weekday', 'favourite_order_daypart', 'expected_interval_days',
        'overdue_ratio', 'interval_basis', 'expected_order_date', 'order_window_start_date', 'order_window_end_date',
        'expected_order_in_days'
    ],
    'int_features_lifecycle': [
        'lifecycle_stage', 'lifecycle_stage_entered_date', 'days_in_lifecycle_stage', 'first_order_cohort',
        'days_before_last_order', 'days_since_last_comeback', 'comeback_count'
    ],
    'int_features_returns': [
        'returned_order_count', 'size_return_count_180d', 'unit_return_rate', 'unit_return_rate_365d',
        'exchange_count_365d', 'goodwill_refund_count_365d', 'days_since_last_return', 'first_order_is_refunded',
        'has_pending_refund'
    ],
    'int_features_prices': [
        'promoted_share', 'full_price_share', 'promoted_order_count', 'promoted_order_share', 'average_discount_rate',
        'promoted_discount_rate', 'deepest_discount_rate', 'first_order_is_promoted', 'last_order_is_promoted',
        'offer_count_365d', 'used_offer_count_365d', 'offer_response_rate_365d', 'orders_per_30d_on_offer',
        'orders_per_30d_off_offer', 'price_sensitivity_score', 'price_sensitivity', 'largest_bearable_discount_rate'
    ],
    'int_features_categories': [
        'category_count', 'category_count_365d', 'new_category_count_365d', 'bought_categories',
        'bought_categories_365d', 'favourite_category', 'favourite_category_share', 'second_category', 'last_category', 'category_growth_category',
        'next_best_category', 'next_best_category_probability', 'missing_add_on_sku', 'missing_add_on_category',
        'replenishment_due_in_days', 'replenishment_due_group', 'has_kept_campaign_product_365d'
    ],
    'int_features_rfm': ['r_score', 'f_score', 'm_score', 'rfm_score', 'rfm_cell', 'rfm_group'],
    'int_features_money': [
        'gross_revenue', 'net_revenue', 'contribution_margin', 'net_revenue_365d', 'contribution_margin_rate',
        'contribution_margin_365d', 'contribution_margin_rate_365d', 'contribution_margin_per_order',
        'last_order_margin', 'returns_amount_365d', 'returns_rate', 'service_cost', 'service_cost_365d',
        'shipping_subsidy', 'cost_coverage'
    ],
    'int_features_behaviour': [
        'visit_count_30d', 'visit_count_90d', 'web_day_count_30d', 'days_since_last_visit',
        'average_visit_minutes_90d', 'pages_per_visit_90d', 'page_view_count_7d', 'product_view_count_30d',
        'viewed_product_count_30d', 'days_since_last_product_view', 'favourite_viewed_category_90d',
        'last_viewed_category_90d', 'last_viewed_sku_90d', 'search_count_30d', 'cart_addition_count_30d',
        'days_since_last_cart_addition', 'has_open_cart', 'open_cart_value', 'checkout_start_count_30d',
        'has_abandoned_checkout', 'has_browsed_without_cart_30d', 'favourite_visit_weekday_90d',
        'favourite_visit_hour_90d', 'favourite_device_90d'
    ],
    'int_features_engagement': [
        'email_received_count_90d', 'email_human_open_count_30d', 'email_human_open_count_90d',
        'email_machine_open_count_90d', 'email_click_count_90d', 'email_open_rate_90d', 'email_click_rate_90d',
        'days_since_last_email_open', 'days_since_last_email_click', 'favourite_email_weekday_180d',
        'favourite_email_hour_180d', 'sms_click_count_90d', 'ad_click_count_90d', 'days_since_last_engagement',
        'days_since_last_activity', 'has_high_email_engagement', 'engagement_tier', 'engagement_trend',
        'channel_preference'
    ],
    'int_features_service': [
        'open_ticket_count', 'good_satisfaction_count_365d', 'worst_satisfaction_90d', 'latest_nps_score',
        'lowest_nps_90d', 'has_open_issue', 'has_open_complaint', 'ticket_count_365d', 'complaint_count_365d',
        'delivery_issue_count_365d', 'oldest_open_ticket_days', 'days_since_last_ticket',
        'average_first_reply_minutes_180d', 'average_resolution_hours_365d', 'latest_satisfaction_365d',
        'average_satisfaction_365d', 'satisfaction_trend', 'nps_group', 'review_count', 'average_review_stars',
        'latest_ticket_topic', 'delivery_feedback_count_365d', 'return_refund_feedback_count_365d',
        'product_quality_feedback_count_365d', 'size_fit_feedback_count_365d', 'payment_billing_feedback_count_365d',
        'service_feedback_count_365d', 'negative_feedback_count_365d', 'main_return_reason_365d'
    ],
    'int_customer_reachability': [
        'is_email_contactable', 'is_sms_contactable', 'is_phone_contactable', 'is_post_contactable',
        'is_ads_contactable', 'has_opted_out', 'has_opted_out_email', 'has_opted_out_sms', 'has_hard_bounce',
        'has_spam_complaint', 'has_legal_hold', 'has_do_not_contact', 'days_since_email_opt_in', 'days_since_sms_opt_in'
    ],
    'int_features_loyalty': [
        'loyalty_tier', 'loyalty_points_balance', 'loyalty_card_count', 'days_since_joined_loyalty',
        'points_earned_365d', 'points_redeemed_365d', 'points_expiring_30d', 'points_expiring_90d',
        'next_points_expiry_date', 'days_since_points_earned', 'days_since_points_redeemed', 'points_redemption_rate', 'next_loyalty_tier',
        'next_tier_gap', 'expected_days_to_next_tier'
    ],
    'int_features_predictions': [
        'p_alive', 'expected_orders_365d', 'predicted_value_12m', 'lifetime_value_total', 'predicted_margin_12m',
        'churn_propensity', 'adoption_propensity'
    ]
} %}
with customers as (

    select * from {{ ref('int_profiled_customers') }}

),

joined as (

    select
        customers.customer_id,
        {% for theme, columns in themes.items() %}
        {% for column in columns %}
        {{ theme }}.{{ column }},
        {% endfor %}
        {% endfor %}
        {{ as_of_date() }} as as_of_date

    from customers
    {% for theme in themes %}
    left join {{ ref(theme) }} as {{ theme }}
        on customers.customer_id = {{ theme }}.customer_id
    {% endfor %}

)

select * from joined
