-- Grain: one row per customer with a loyalty card and day of the last 365: what they added to what tiers go by.
{%- set tiers = loyalty_tiers() %}
{%- set by_revenue = tiers and tiers[0].measure == 'net_revenue_365d' %}
with points as (

    select
        customer_id,
        movement_date as measure_date,
        cast(earned_points as decimal(18, 2)) as amount

    from {{ ref('int_loyalty_points_daily') }}
    where {{ within_window('movement_date', 365) }} and {{ 'not ' if by_revenue }}true

),

revenue as (

    select
        money.customer_id,
        money.activity_date as measure_date,
        cast(money.net_revenue as decimal(18, 2)) as amount

    from {{ ref('int_customer_money_daily') }} as money
    inner join {{ ref('int_customer_loyalty_cards') }} as cards
        on money.customer_id = cards.customer_id
    where {{ within_window('money.activity_date', 365) }} and {{ 'not ' if not by_revenue }}true

),

daily as (

    select
        customer_id,
        measure_date,
        sum(amount) as amount

    from (
        select * from points
        union all
        select * from revenue
    ) as both_kinds
    group by customer_id, measure_date

)

select * from daily
