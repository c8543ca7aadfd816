-- Grain: one row per category and category not bought before: how often it came next, observed and expected.
-- Every choice counts once, split over the categories bought before it by purchase days: a heavy buyer's choice weighs
-- no more than others, and customers who buy much of everything do not make any two categories look related.
with choices as (

    select * from {{ ref('int_category_choice_sets') }}

),

category_days as (

    select distinct
        customer_id,
        category,
        ordered_date

    from {{ ref('order_lines') }}
    where is_counted and line_type = 'product' and customer_id is not null and category is not null

),

choice_days as (

    select distinct
        customer_id,
        choice_date
    from choices

),

-- The categories bought before the choice, and the share of each in purchase days.
before_days as (

    select
        choice_days.customer_id,
        choice_days.choice_date,
        days.category,
        count(*) as day_count

    from choice_days
    inner join category_days as days
        on choice_days.customer_id = days.customer_id
            and choice_days.choice_date > days.ordered_date
    group by choice_days.customer_id, choice_days.choice_date, days.category

),

before_shares as (

    select
        *,
        cast(day_count as double) / sum(day_count) over (partition by customer_id, choice_date) as share

    from before_days

),

pairs as (

    select
        before_shares.category,
        choices.category as related_category,
        sum(case when choices.is_new then 1 else 0 end) as customers_in_sequence,
        {{ exact_sum('case when choices.is_new then before_shares.share else 0 end') }} as next_count,
        {{ exact_sum('before_shares.share * choices.new_count * choices.base_chance') }} as expected_count,
        {{ exact_sum(
            'power(before_shares.share, 2) * choices.new_count * choices.base_chance * (1 - choices.base_chance)'
        ) }} as next_variance

    from before_shares
    inner join choices
        on before_shares.customer_id = choices.customer_id
            and before_shares.choice_date = choices.choice_date
    group by before_shares.category, choices.category

),

-- Scaled so that the expected counts of a category add up to the observed ones.
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
