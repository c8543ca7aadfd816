-- Grain: one row per customer who bought: what their categories say, and a related one still without a purchase.
with bought as (

    select * from {{ ref('int_customer_categories') }}

),

ranked as (

    select
        *,
        row_number() over (partition by customer_id order by revenue desc, category) as favourite_rank,
        row_number() over (
            partition by customer_id order by last_ordered_date desc, revenue desc, category
        ) as last_rank

    from bought

),

stocked as (

    select category from {{ ref('int_product_sales') }}
    where category_rank = 1

),

-- Two orders in a category make an interest; its related category is the next step.
growth as (

    select
        bought.customer_id,
        min(relations.related_category) as category_growth_category

    from bought
    inner join {{ ref('int_category_relations') }} as relations
        on bought.category = relations.category
    inner join stocked
        on relations.related_category = stocked.category
    left join bought as related_bought
        on bought.customer_id = related_bought.customer_id
            and relations.related_category = related_bought.category
    where bought.order_count >= 2
        and related_bought.customer_id is null
    group by bought.customer_id

),

totals as (

    select
        customer_id,
        count(*) as category_count,
        count(*) filter (where {{ within_window('last_ordered_date', 365) }}) as category_count_365d,
        count(*) filter (where {{ within_window('first_ordered_date', 365) }}) as new_category_count_365d,
        max(case when favourite_rank = 1 then category end) as favourite_category,
        max(case when favourite_rank = 2 then category end) as second_category,
        max(case when last_rank = 1 then category end) as last_category,
        cast(max(case when favourite_rank = 1 then revenue end) as double)
        / nullif(cast(sum(revenue) as double), 0) as favourite_category_share

    from ranked
    group by customer_id

),

summary as (

    select
        totals.*,
        growth.category_growth_category

    from totals
    left join growth
        on totals.customer_id = growth.customer_id

)

select * from summary
