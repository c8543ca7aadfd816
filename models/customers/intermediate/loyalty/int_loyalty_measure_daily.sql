-- Grain: one row per customer with a loyalty card and day of the last 365: the amount that counts towards tiers.
-- The measure is the same for every tier: points, unless the programme uses net revenue.
with programme as (

    select coalesce(min(measure), 'points_earned_365d') as measure
    from {{ ref('int_loyalty_tiers') }}

),

points as (

    select
        movements.customer_id,
        movements.movement_date as measure_date,
        cast(movements.earned_points as decimal(18, 2)) as amount

    from {{ ref('int_loyalty_points_daily') }} as movements
    cross join programme
    where {{ within_window('movements.movement_date', 365) }} and programme.measure = 'points_earned_365d'

),

revenue as (

    select
        money.customer_id,
        money.activity_date as measure_date,
        cast(money.net_revenue as decimal(18, 2)) as amount

    from {{ ref('int_customer_money_daily') }} as money
    inner join {{ ref('int_customer_loyalty_cards') }} as cards
        on money.customer_id = cards.customer_id
    cross join programme
    where {{ within_window('money.activity_date', 365) }} and programme.measure = 'net_revenue_365d'

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
    ) as combined
    group by customer_id, measure_date

)

select * from daily
