-- Grain: one row per card of a customer, business day and day of expiry: points earned, redeemed or otherwise moved.
-- A view: one cheap pass over tables, so there is nothing to gain from storing it.
{{ config(materialized='view') }}

with movements as (

    select
        movements.*,
        {{ business_date('movements.occurred_at') }} as movement_date,
        {{ business_date('movements.expires_at') }} as expiry_date

    from {{ ref('stg_loyalty__points_movements') }} as movements
    where movements.occurred_at < {{ as_of_end() }}

),

members as (

    select * from {{ ref('stg_loyalty__members') }}

),

identities as (

    select * from {{ ref('int_customer_identities') }}
    where source_system = 'loyalty'

),

joined as (

    select
        identities.customer_id,
        movements.loyalty_number,
        movements.movement_date,
        lower(movements.movement_type) as movement_type,
        movements.points,
        -- As stated by the programme, else by the rule of the member's tier; null for points that never expire.
        case
            when coalesce(movements.points, 0) <= 0 then null
            else coalesce(movements.expiry_date, cast(movements.movement_date + tiers.points_expiry_days as date))
        end as expiry_date,
        -- A balance stated later already includes this movement; one stated before does not.
        coalesce(
            members.points_balance is null or movements.occurred_at >= coalesce(members.updated_at, members.known_at),
            true
        ) as is_after_stated_balance

    from movements
    inner join identities
        on movements.loyalty_number = identities.source_profile_id
    left join members
        on movements.loyalty_number = members.loyalty_number
    left join {{ ref('int_loyalty_tiers') }} as tiers
        on members.tier = tiers.tier

),

daily as (

    select
        customer_id,
        loyalty_number,
        movement_date,
        expiry_date,
        sum(case when movement_type = 'earned' then points else 0 end) as earned_points,
        -sum(case when movement_type = 'redeemed' then points else 0 end) as redeemed_points,
        sum(case when points > 0 then points else 0 end) as added_points,
        sum(case when is_after_stated_balance then points else 0 end) as unstated_points

    from joined
    group by customer_id, loyalty_number, movement_date, expiry_date

)

select * from daily
