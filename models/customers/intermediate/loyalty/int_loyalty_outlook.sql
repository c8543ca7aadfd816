-- Grain: one row per customer with a loyalty card: the next tier, what it takes, and when it comes at the present pace.
-- Pace: what the last pace_days brought, spread evenly. What leaves the window of 365 days meanwhile is lost to it.
{#- Days until the amount, less what has left the window, reaches the threshold. -#}
{%- set amount_needed = 'cast((aims.threshold - aims.amount_365d + steps.lost) * limits.pace_days as double)' %}
{%- set in_pace = within_window('daily.measure_date', 'limits.pace_days') %}
{%- set days_needed = 'ceil(' ~ amount_needed ~ ' / cast(aims.amount_in_pace as double))' %}
with tiers as (

    select * from {{ ref('int_loyalty_tiers') }}

),

daily as (

    select * from {{ ref('int_loyalty_measure_daily') }}

),

measured as (

    select
        daily.customer_id,
        sum(daily.amount) as amount_365d,
        coalesce(sum(daily.amount) filter (where {{ in_pace }}), 0) as amount_in_pace

    from daily
    cross join {{ ref('int_attribute_limits') }} as limits
    group by daily.customer_id

),

-- The tier that the programme states decides; where the seed does not know it, the amount does.
standing as (

    select
        members.customer_id,
        coalesce(measured.amount_365d, 0) as amount_365d,
        coalesce(measured.amount_in_pace, 0) as amount_in_pace,
        coalesce(max(members.tier_rank), max(tiers.tier_rank), 0) as tier_rank

    from {{ ref('int_customer_loyalty_cards') }} as members
    left join measured
        on members.customer_id = measured.customer_id
    left join tiers
        on coalesce(measured.amount_365d, 0) >= tiers.threshold
    group by members.customer_id, measured.amount_365d, measured.amount_in_pace

),

aims as (

    select
        standing.*,
        tiers.tier as next_loyalty_tier,
        tiers.threshold,
        case
            when tiers.threshold is not null then greatest(tiers.threshold - standing.amount_365d, 0)
        end as next_tier_gap

    from standing
    left join tiers
        on standing.tier_rank + 1 = tiers.tier_rank

),

-- From day_from on, counted from as_of_date, `lost` has left the window; the first row is today, before anything has.
steps as (

    select
        customer_id,
        365 - {{ days_between('measure_date', as_of_date()) }} as day_from,
        sum(amount) over (partition by customer_id order by measure_date) as lost,
        lead(365 - {{ days_between('measure_date', as_of_date()) }}, 1, 366) over (
            partition by customer_id order by measure_date
        ) as day_until

    from (
        select * from daily
        union all
        select
            customer_id,
            {{ days_before(as_of_date(), 365) }} as measure_date,
            0 as amount
        from measured
    ) as days

),

reached as (

    select
        aims.customer_id,
        min(greatest(steps.day_from, {{ days_needed }})) as expected_days

    from aims
    inner join steps on aims.customer_id = steps.customer_id
    cross join {{ ref('int_attribute_limits') }} as limits
    where
        aims.next_tier_gap > 0
        and aims.amount_in_pace > 0
        and steps.day_until > greatest(steps.day_from, {{ days_needed }})
    group by aims.customer_id

),

joined as (

    select
        aims.customer_id,
        aims.next_loyalty_tier,
        aims.next_tier_gap,
        case when aims.next_tier_gap = 0 then 0 else reached.expected_days end as expected_days_to_next_tier

    from aims
    left join reached
        on aims.customer_id = reached.customer_id

)

select * from joined
