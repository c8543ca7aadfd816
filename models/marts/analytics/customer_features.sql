-- Grain: one row per customer who may be profiled: every attribute that a segment rule may use.
-- Each theme has a row for every customer, with its columns named and typed as here; this model only joins them.
{%- set themes = {
    'int_customer_demographics': [
        'customer_type', 'country_code', 'region', 'age_band', 'gender', 'language', 'household_size'
    ],
    'int_features_orders': [
        'order_count', 'order_count_30d', 'order_count_90d', 'order_count_180d', 'order_count_365d',
        'order_count_730d', 'days_since_first_order', 'days_since_last_order', 'days_before_last_order',
        'first_order_date', 'last_order_date', 'average_order_value', 'online_order_share',
        'expected_interval_days', 'overdue_ratio',
        'returned_order_count', 'size_return_count_180d', 'unit_return_rate', 'first_order_is_refunded',
        'has_pending_refund', 'promoted_share', 'full_price_share'
    ],
    'int_features_categories': [
        'category_count', 'category_count_365d', 'new_category_count_365d', 'product_group_count',
        'favourite_category', 'favourite_category_share', 'second_category', 'last_category',
        'category_growth_category', 'next_best_category', 'next_best_category_lift',
        'next_best_category_probability', 'missing_add_on_sku', 'missing_add_on_category',
        'replenishment_due_in_days', 'replenishment_due_group', 'replenishment_overdue_count',
        'has_kept_campaign_product_365d', 'recommendation_sku', 'recommendation_kind', 'recommendation_count'
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
    'int_customer_service': [
        'open_ticket_count', 'good_satisfaction_count_365d', 'worst_satisfaction_90d', 'latest_nps_score',
        'lowest_nps_90d', 'has_open_issue', 'has_open_complaint'
    ],
    'int_customer_reachability': [
        'is_email_contactable', 'is_sms_contactable', 'is_phone_contactable', 'is_post_contactable',
        'is_ads_contactable', 'has_opted_out', 'has_hard_bounce', 'has_spam_complaint', 'has_legal_hold',
        'has_do_not_contact', 'days_since_email_opt_in', 'days_since_sms_opt_in'
    ],
    'int_customer_loyalty': ['loyalty_tier', 'loyalty_points_balance']
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
