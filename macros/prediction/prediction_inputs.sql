{# What models may learn from: relation -> numeric columns, all as double in int_prediction_inputs. A clustering or a
   propensity uses those that the seed model_inputs names for it. #}
{% macro prediction_inputs() -%}
    {{ return({
        'int_features_orders': [
            'order_count', 'order_count_30d', 'order_count_90d', 'order_count_180d', 'order_count_365d',
            'days_since_first_order', 'days_since_last_order', 'average_order_value', 'highest_order_value',
            'last_order_value', 'units_per_order', 'order_channel_count', 'online_order_share', 'store_order_share',
            'marketplace_order_share', 'expected_interval_days', 'overdue_ratio', 'expected_order_in_days'
        ],
        'int_features_lifecycle': ['days_before_last_order', 'comeback_count'],
        'int_features_money': [
            'net_revenue', 'net_revenue_365d', 'contribution_margin', 'contribution_margin_365d',
            'contribution_margin_rate', 'contribution_margin_per_order', 'last_order_margin', 'returns_rate',
            'service_cost_365d'
        ],
        'int_features_prices': [
            'promoted_order_share', 'average_discount_rate', 'full_price_share', 'offer_count_365d',
            'offer_response_rate_365d', 'price_sensitivity_score'
        ],
        'int_features_returns': ['returned_order_count', 'unit_return_rate', 'days_since_last_return'],
        'int_features_categories': [
            'category_count', 'category_count_365d', 'new_category_count_365d', 'favourite_category_share'
        ],
        'int_features_behaviour': [
            'visit_count_30d', 'visit_count_90d', 'days_since_last_visit', 'page_view_count_7d',
            'product_view_count_30d', 'search_count_30d', 'cart_addition_count_30d', 'days_since_last_cart_addition'
        ],
        'int_features_engagement': [
            'email_received_count_90d', 'email_human_open_count_30d', 'email_human_open_count_90d',
            'email_click_count_90d', 'email_open_rate_90d', 'sms_click_count_90d', 'ad_click_count_90d',
            'days_since_last_engagement', 'days_since_last_activity'
        ],
        'int_features_service': [
            'open_ticket_count', 'ticket_count_365d', 'complaint_count_365d', 'delivery_issue_count_365d',
            'average_satisfaction_365d', 'worst_satisfaction_90d', 'latest_nps_score', 'review_count',
            'average_review_stars', 'negative_feedback_count_365d'
        ],
        'int_features_loyalty': [
            'loyalty_card_count', 'loyalty_points_balance', 'points_earned_365d', 'points_redeemed_365d'
        ],
        'int_features_demographics': ['household_size', 'days_since_first_seen', 'demographic_completeness']
    }) }}
{%- endmacro %}

{# The names alone, in order. #}
{% macro prediction_input_names() -%}
    {%- set names = [] -%}
    {%- for columns in prediction_inputs().values() -%}{%- do names.extend(columns) -%}{%- endfor -%}
    {{ return(names) }}
{%- endmacro %}
