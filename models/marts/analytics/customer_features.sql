-- Grain: one row per customer who may be profiled: every attribute that a segment rule may use.
with customers as (

    select customers.*

    from {{ ref('customers') }} as customers
    inner join {{ ref('int_profiled_customers') }} as profiled
        on customers.customer_id = profiled.customer_id

),

money_365d as (

    select
        customer_id,
        sum(net_revenue) as net_revenue_365d

    from {{ ref('int_customer_money_daily') }}
    where {{ within_window('activity_date', 365) }}
    group by customer_id

),

joined as (

    select
        customers.customer_id,
        {{ as_of_date() }} as as_of_date,

        {% for column in [
            'customer_type', 'country_code', 'region', 'age_band', 'gender', 'language', 'household_size'
        ] %}
        customers.{{ column }},
        {% endfor %}

        {% for column in [
            'order_count', 'order_count_30d', 'order_count_90d', 'order_count_180d', 'order_count_365d',
            'order_count_730d', 'returned_order_count', 'size_return_count_180d', 'category_count'
        ] %}
        cast(purchases.{{ column }} as bigint) as {{ column }},
        {% endfor %}
        {% for column in ['days_since_first_order', 'days_since_last_order', 'days_before_last_order'] %}
        cast(purchases.{{ column }} as bigint) as {{ column }},
        {% endfor %}
        cast(purchases.replenishment_due_in_days as bigint) as replenishment_due_in_days,
        purchases.first_order_date,
        purchases.last_order_date,
        cast(purchases.average_order_value as decimal(18, 2)) as average_order_value,
        {% for column in [
            'expected_interval_days', 'overdue_ratio', 'promoted_share', 'full_price_share', 'unit_return_rate',
            'online_order_share'
        ] %}
        cast(purchases.{{ column }} as double) as {{ column }},
        {% endfor %}
        purchases.favourite_category,
        purchases.category_growth_category,
        purchases.missing_add_on_sku,
        purchases.first_order_is_refunded,
        purchases.has_pending_refund,

        {% for column in ['gross_revenue', 'net_revenue', 'contribution_margin'] %}
        cast(coalesce(margin.{{ column }}, 0) as decimal(18, 2)) as {{ column }},
        {% endfor %}
        cast(coalesce(money_365d.net_revenue_365d, 0) as decimal(18, 2)) as net_revenue_365d,
        cast(margin.contribution_margin as double) / nullif(cast(margin.net_revenue as double), 0)
            as contribution_margin_rate,

        rfm.r_score,
        rfm.f_score,
        rfm.m_score,
        rfm.rfm_group,

        {% for column in [
            'email_received_count_90d', 'email_human_open_count_30d', 'email_human_open_count_90d',
            'email_click_count_90d', 'visit_count_30d', 'page_view_count_7d', 'cart_addition_count_30d',
            'days_since_last_engagement', 'days_since_last_activity', 'days_since_last_cart_addition'
        ] %}
        cast(engagement.{{ column }} as bigint) as {{ column }},
        {% endfor %}
        engagement.has_high_email_engagement,
        engagement.has_open_cart,

        cast(service.open_ticket_count as bigint) as open_ticket_count,
        cast(service.good_satisfaction_count_365d as bigint) as good_satisfaction_count_365d,
        cast(service.worst_satisfaction_90d as bigint) as worst_satisfaction_90d,
        cast(service.latest_nps_score as bigint) as latest_nps_score,
        cast(service.lowest_nps_90d as bigint) as lowest_nps_90d,
        service.has_open_issue,
        service.has_open_complaint,

        {% for column in [
            'is_email_contactable', 'is_sms_contactable', 'is_phone_contactable', 'is_post_contactable',
            'is_ads_contactable', 'has_opted_out', 'has_hard_bounce', 'has_spam_complaint', 'has_legal_hold',
            'has_do_not_contact'
        ] %}
        reachability.{{ column }},
        {% endfor %}
        {% for column in ['days_since_email_opt_in', 'days_since_sms_opt_in'] %}
        cast(reachability.{{ column }} as bigint) as {{ column }},
        {% endfor %}

        loyalty.loyalty_tier,
        cast(loyalty.loyalty_points_balance as bigint) as loyalty_points_balance,
        lifecycle.lifecycle_stage

    from customers
    inner join {{ ref('int_customer_purchases') }} as purchases
        on customers.customer_id = purchases.customer_id
    left join {{ ref('customer_margin') }} as margin
        on customers.customer_id = margin.customer_id
    left join money_365d
        on customers.customer_id = money_365d.customer_id
    left join {{ ref('customer_rfm') }} as rfm
        on customers.customer_id = rfm.customer_id
    inner join {{ ref('int_customer_engagement') }} as engagement
        on customers.customer_id = engagement.customer_id
    inner join {{ ref('int_customer_service') }} as service
        on customers.customer_id = service.customer_id
    inner join {{ ref('int_customer_reachability') }} as reachability
        on customers.customer_id = reachability.customer_id
    left join {{ ref('int_customer_loyalty') }} as loyalty
        on customers.customer_id = loyalty.customer_id
    inner join {{ ref('int_customer_lifecycle') }} as lifecycle
        on customers.customer_id = lifecycle.customer_id

)

select * from joined
