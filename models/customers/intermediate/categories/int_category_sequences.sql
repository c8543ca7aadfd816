-- Grain: one row per category and category not bought before: how often it came next, and how often to be expected.
-- Every turn counts once, split over what was bought before it by days of purchase: so a heavy buyer's turn weighs no
-- more, and that some buy much of everything makes no pair of categories seem related.
with turns as (

    select * from {{ ref('int_category_turns') }}

),

turn_days as (

    select distinct
        customer_id,
        turn_date
    from turns

),

-- What had been bought before the turn, and the share of each in days of purchase.
before_days as (

    select
        turn_days.customer_id,
        turn_days.turn_date,
        days.category,
        count(*) as day_count

    from turn_days
    inner join {{ ref('int_customer_category_days') }} as days
        on turn_days.customer_id = days.customer_id
            and turn_days.turn_date > days.ordered_date
    group by turn_days.customer_id, turn_days.turn_date, days.category

),

before_shares as (

    select
        *,
        cast(day_count as double) / sum(day_count) over (partition by customer_id, turn_date) as share

    from before_days

),

pairs as (

    select
        before_shares.category,
        turns.category as related_category,
        sum(case when turns.is_new then 1 else 0 end) as customers_in_sequence,
        {{ exact_sum('case when turns.is_new then before_shares.share else 0 end') }} as next_count,
        {{ exact_sum('before_shares.share * turns.new_count * turns.base_chance') }} as expected_count,
        {{ exact_sum(
            'before_shares.share * before_shares.share * turns.new_count * turns.base_chance * (1 - turns.base_chance)'
        ) }} as next_variance

    from before_shares
    inner join turns
        on before_shares.customer_id = turns.customer_id
            and before_shares.turn_date = turns.turn_date
    group by before_shares.category, turns.category

),

-- Expectations of a category add up to what was seen of it.
balanced as (

    select
        category,
        related_category,
        customers_in_sequence,
        cast(next_count as double) as next_count,
        round(
            cast(expected_count as double)
            * cast(sum(next_count) over (partition by related_category) as double)
            / cast(nullif(sum(expected_count) over (partition by related_category), 0) as double), 9
        ) as expected_next_count,
        cast(next_variance as double) as next_variance

    from pairs

)

select * from balanced
