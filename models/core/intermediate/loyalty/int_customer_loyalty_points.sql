-- Grain: one row per customer with any points movement: earned, redeemed, and what expires when.
-- Points are spent oldest first, so the balance consists of the newest points added.
with daily as (

    select * from {{ ref('int_loyalty_points_daily') }}

),

balances as (

    select
        customer_id,
        greatest(coalesce(loyalty_points_balance, 0), 0) as balance

    from {{ ref('int_customer_loyalty_cards') }}

),

totals as (

    select
        customer_id,
        sum(case when {{ within_window('movement_date', 365) }} then earned_points else 0 end) as points_earned_365d,
        sum(case when {{ within_window('movement_date', 365) }} then redeemed_points else 0 end)
            as points_redeemed_365d,
        max(case when earned_points > 0 then movement_date end) as last_earned_date,
        max(case when redeemed_points > 0 then movement_date end) as last_redeemed_date

    from daily
    group by customer_id

),

lots as (

    select
        customer_id,
        expiry_date,
        sum(added_points) as added_points

    from daily
    where added_points > 0 and (expiry_date is null or expiry_date > {{ as_of_date() }})
    group by customer_id, expiry_date

),

newer as (

    select
        customer_id,
        expiry_date,
        added_points,
        sum(added_points) over (
            partition by customer_id
            order by expiry_date desc nulls first
        ) as added_since

    from lots

),

-- What the balance still holds of each lot after all newer ones.
left_over as (

    select
        newer.customer_id,
        newer.expiry_date,
        least(newer.added_points, greatest(balances.balance - (newer.added_since - newer.added_points), 0))
            as points_left

    from newer
    inner join balances
        on newer.customer_id = balances.customer_id
    where newer.expiry_date is not null

),

expiring as (

    select
        customer_id,
        sum(case when expiry_date <= cast({{ as_of_date() }} + 30 as date) then points_left else 0 end)
            as points_expiring_30d,
        min(case when points_left > 0 then expiry_date end) as next_points_expiry_date

    from left_over
    group by customer_id

),

joined as (

    select
        totals.*,
        expiring.points_expiring_30d,
        expiring.next_points_expiry_date

    from totals
    left join expiring
        on totals.customer_id = expiring.customer_id

)

select * from joined
