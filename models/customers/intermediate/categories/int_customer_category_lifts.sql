-- Grain: one row per customer who bought, and category that what they bought speaks for or against.
with bought as (

    select bought.*
    from {{ ref('int_customer_categories') }} as bought
    inner join {{ ref('int_profiled_customers') }} as customers
        on bought.customer_id = customers.customer_id

),

affinities as (

    select * from {{ ref('category_affinities') }}
    where applied_lift <> 1

),

-- By the share of each category in the customer's days of purchase. Only of those from whom it was learnt: for others,
-- such as relay addresses, what most people buy next is the better guess.
pulls as (

    select
        bought.customer_id,
        affinities.related_category as category,
        {{ exact_sum('bought.order_day_share * (affinities.applied_lift - 1)') }} as pull

    from bought
    inner join {{ ref('int_category_learners') }} as learners
        on bought.customer_id = learners.customer_id
    inner join affinities
        on bought.category = affinities.category
    group by bought.customer_id, affinities.related_category

),

lifts as (

    select
        customer_id,
        category,
        1 + cast(pull as double) as lift

    from pulls

)

select * from lifts
