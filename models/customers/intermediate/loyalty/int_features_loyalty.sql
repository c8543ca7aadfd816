-- Grain: one row per customer of the spine: the loyalty programme; 0 and null for non-members.
with cards as (

    select * from {{ ref('int_customer_loyalty_cards') }}

),

points as (

    select * from {{ ref('int_customer_loyalty_points') }}

),

outlook as (

    select * from {{ ref('int_loyalty_outlook') }}

),

joined as (

    select
        spine.customer_id,
        cards.loyalty_tier,
        cards.loyalty_points_balance,
        cast(coalesce(cards.loyalty_card_count, 0) as bigint) as loyalty_card_count,
        cast({{ days_between('cards.joined_date', as_of_date()) }} as bigint) as days_since_joined_loyalty,
        {% for name in ['points_earned_365d', 'points_redeemed_365d', 'points_expiring_30d'] -%}
        cast(coalesce(points.{{ name }}, 0) as bigint) as {{ name }},
        {% endfor -%}
        points.next_points_expiry_date,
        cast({{ days_between('points.last_earned_date', as_of_date()) }} as bigint) as days_since_points_earned,
        cast({{ days_between('points.last_redeemed_date', as_of_date()) }} as bigint) as days_since_points_redeemed,
        outlook.next_loyalty_tier,
        cast(outlook.next_tier_gap as decimal(18, 2)) as next_tier_gap,
        cast(outlook.expected_days_to_next_tier as bigint) as expected_days_to_next_tier

    from {{ ref('int_customer_spine') }} as spine
    left join cards
        on spine.customer_id = cards.customer_id
    left join points
        on spine.customer_id = points.customer_id
    left join outlook
        on spine.customer_id = outlook.customer_id

)

select * from joined
