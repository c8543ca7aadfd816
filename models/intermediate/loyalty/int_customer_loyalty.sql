-- Grain: one row per customer in the loyalty programme, as of as_of_date.
with members as (

    select * from {{ ref('stg_loyalty__members') }}

),

identities as (

    select * from {{ ref('int_customer_identities') }}
    where source_system = 'loyalty'

),

ranked as (

    select
        identities.customer_id,
        members.tier as loyalty_tier,
        cast(members.points_balance as bigint) as loyalty_points_balance,
        row_number() over (
            partition by identities.customer_id
            order by members.known_at desc, members.joined_at desc nulls last, members.loyalty_number asc
        ) as recency_rank

    from members
    inner join identities
        on members.loyalty_number = identities.source_profile_id

),

newest as (

    select
        customer_id,
        loyalty_tier,
        loyalty_points_balance

    from ranked
    where recency_rank = 1

)

select * from newest
