-- Grain: one row per customer who bought: the likeliest next category among those not bought yet that can be sold now.
with bought as (

    select bought.*
    from {{ ref('int_customer_categories') }} as bought
    inner join {{ ref('int_profiled_customers') }} as customers
        on bought.customer_id = customers.customer_id

),

buyers as (

    select distinct customer_id from bought

),

rates as (

    select distinct
        category,
        cast(base_rate as double) as base_rate

    from {{ ref('int_category_turns') }}

),

sold as (

    select * from {{ ref('int_product_sales') }}
    where category_rank = 1

),

candidates as (

    select
        sold.category,
        rates.base_rate

    from sold
    inner join rates
        on sold.category = rates.category
    where rates.base_rate > 0

),

affinities as (

    select * from {{ ref('category_affinities') }}
    where applied_lift <> 1

),

-- What the categories bought say for or against another, by their share in the customer's days of purchase. Only of
-- those from whom it was learnt: for others, such as relay addresses, what most people buy next is the better guess.
pulls as (

    select
        bought.customer_id,
        affinities.related_category,
        {{ exact_sum('bought.order_day_share * (affinities.applied_lift - 1)') }} as pull

    from bought
    inner join {{ ref('int_category_learners') }} as learners
        on bought.customer_id = learners.customer_id
    inner join affinities
        on bought.category = affinities.category
    group by bought.customer_id, affinities.related_category

),

scored as (

    select
        buyers.customer_id,
        candidates.category,
        1 + coalesce(cast(pulls.pull as double), 0) as lift,
        cast(
            candidates.base_rate * (1 + coalesce(cast(pulls.pull as double), 0)) as decimal(18, 10)
        ) as score

    from buyers
    cross join candidates
    left join bought
        on buyers.customer_id = bought.customer_id
            and candidates.category = bought.category
    left join pulls
        on buyers.customer_id = pulls.customer_id
            and candidates.category = pulls.related_category
    where bought.customer_id is null

),

summed as (

    select
        customer_id,
        sum(score) as total_score,
        max(score) as best_score

    from scored
    group by customer_id

),

best as (

    select
        scored.customer_id,
        min(scored.category) as next_best_category,
        min_by(scored.lift, scored.category) as next_best_category_lift,
        cast(max(scored.score) as double) / cast(nullif(max(summed.total_score), 0) as double)
            as next_best_category_probability

    from scored
    inner join summed
        on scored.customer_id = summed.customer_id
            and scored.score = summed.best_score
    group by scored.customer_id

)

select * from best
