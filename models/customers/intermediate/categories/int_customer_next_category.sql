-- Grain: one row per customer who bought: the most likely next category of those not bought yet that can be sold now.
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

    from {{ ref('int_category_choice_sets') }}

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

scored as (

    select
        buyers.customer_id,
        candidates.category,
        coalesce(interests.affinity_lift, 1) as lift,
        cast(candidates.base_rate * coalesce(interests.affinity_lift, 1) as decimal(18, 10)) as score

    from buyers
    cross join candidates
    left join bought
        on buyers.customer_id = bought.customer_id
            and candidates.category = bought.category
    left join {{ ref('int_category_interests') }} as interests
        on buyers.customer_id = interests.customer_id
            and candidates.category = interests.category
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
        min_by(scored.lift, (scored.category, scored.lift)) as next_best_category_lift,
        cast(max(scored.score) as double) / cast(nullif(max(summed.total_score), 0) as double)
            as next_best_category_probability

    from scored
    inner join summed
        on scored.customer_id = summed.customer_id
            and scored.score = summed.best_score
    group by scored.customer_id

)

select * from best
