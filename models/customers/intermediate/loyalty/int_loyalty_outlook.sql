-- Grain: one row per customer with a loyalty card: the next tier, the gap to it, and when it is reached at this pace.
-- Pace: the amount of the last pace_days, spread evenly, less what drops out of the 365-day window meanwhile.
{#- Days until the amount, less what has dropped out of the window, reaches the threshold. -#}
{%- set amount_needed = 'cast((targets.threshold - targets.amount_365d + steps.lost) * limits.pace_days as double)' %}
{%- set in_pace = within_window('daily.measure_date', 'limits.pace_days') %}
{%- set days_needed = 'ceil(' ~ amount_needed ~ ' / cast(targets.amount_in_pace as double))' %}
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

-- The tier stated by the programme decides; where the seed does not know it, the amount does.
current_tiers as (

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

targets as (

    select
        current_tiers.*,
        tiers.tier as next_loyalty_tier,
        tiers.threshold,
        case
            when tiers.threshold is not null then greatest(tiers.threshold - current_tiers.amount_365d, 0)
        end as next_tier_gap

    from current_tiers
    left join tiers
        on current_tiers.tier_rank + 1 = tiers.tier_rank

),

-- From day_from on, counted from as_of_date, `lost` has dropped out of the window; the first row is today, with none.
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
        targets.customer_id,
        min(greatest(steps.day_from, {{ days_needed }})) as expected_days

    from targets
    inner join steps on targets.customer_id = steps.customer_id
    cross join {{ ref('int_attribute_limits') }} as limits
    where
        targets.next_tier_gap > 0
        and targets.amount_in_pace > 0
        and steps.day_until > greatest(steps.day_from, {{ days_needed }})
    group by targets.customer_id

),

joined as (

    select
        targets.customer_id,
        targets.next_loyalty_tier,
        targets.next_tier_gap,
        case when targets.next_tier_gap = 0 then 0 else reached.expected_days end as expected_days_to_next_tier

    from targets
    left join reached
        on targets.customer_id = reached.customer_id

)

select * from joined
