-- Grain: one row per customer with a loyalty card: tier, balance over all cards, and joining date.
with members as (

    select * from {{ ref('stg_loyalty__members') }}

),

identities as (

    select * from {{ ref('int_customer_identities') }}
    where source_system = 'loyalty'

),

tiers as (

    select * from {{ ref('int_loyalty_tiers') }}

),

unstated as (

    select
        loyalty_number,
        sum(unstated_points) as unstated_points

    from {{ ref('int_loyalty_points_daily') }}
    group by loyalty_number

),

cards as (

    select
        identities.customer_id,
        members.tier,
        tiers.tier_rank,
        case
            when members.points_balance is not null or unstated.unstated_points is not null
                then coalesce(members.points_balance, 0) + coalesce(unstated.unstated_points, 0)
        end as points_balance,
        case
            when members.joined_at < {{ as_of_end() }} then {{ business_date('members.joined_at') }}
        end as joined_date,
        -- The best tier of several cards; among tiers that the seed does not list, that of the newest card.
        row_number() over (
            partition by identities.customer_id
            order by
                coalesce(tiers.tier_rank, 0) desc, members.known_at desc, members.joined_at desc nulls last,
                members.loyalty_number asc
        ) as card_rank

    from members
    inner join identities
        on members.loyalty_number = identities.source_profile_id
    left join tiers
        on members.tier = tiers.tier
    left join unstated
        on members.loyalty_number = unstated.loyalty_number

),

customers as (

    select
        customer_id,
        max(case when card_rank = 1 then tier end) as loyalty_tier,
        max(case when card_rank = 1 then tier_rank end) as tier_rank,
        cast(count(*) as bigint) as loyalty_card_count,
        cast(sum(points_balance) as bigint) as loyalty_points_balance,
        min(joined_date) as joined_date

    from cards
    group by customer_id

)

select * from customers
