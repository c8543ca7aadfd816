-- Grain: one row per customer who bought: favourite category, and a related category still without a purchase.
with bought as (

    select * from {{ ref('int_customer_categories') }}

),

favourites as (

    select
        customer_id,
        category,
        row_number() over (partition by customer_id order by revenue desc, category) as favourite_rank

    from bought

),

-- Two orders in a category make an interest; its related category is the next step.
growth as (

    select
        bought.customer_id,
        min(relations.related_category) as category_growth_category

    from bought
    inner join {{ ref('int_category_relations') }} as relations
        on bought.category = relations.category
    left join bought as related_bought
        on bought.customer_id = related_bought.customer_id
            and relations.related_category = related_bought.category
    where bought.order_count >= 2
        and related_bought.customer_id is null
    group by bought.customer_id

),

category_counts as (

    select
        customer_id,
        count(*) as category_count

    from bought
    group by customer_id

),

summary as (

    select
        favourites.customer_id,
        favourites.category as favourite_category,
        category_counts.category_count,
        growth.category_growth_category

    from favourites
    inner join category_counts
        on favourites.customer_id = category_counts.customer_id
    left join growth
        on favourites.customer_id = growth.customer_id
    where favourites.favourite_rank = 1

)

select * from summary
