-- Grain: one row per customer of the spine: the categories they bought from, and a related one not bought yet.
with bought as (

    select
        *,
        row_number() over (partition by customer_id order by revenue desc, category) as favourite_rank,
        row_number() over (
            partition by customer_id order by last_ordered_date desc, revenue desc, category
        ) as last_rank

    from {{ ref('int_customer_categories') }}

),

summary as (

    select
        customer_id,
        count(*) as category_count,
        count(*) filter (where {{ within_window('first_ordered_date', 365) }}) as new_category_count_365d,
        max(case when favourite_rank = 1 then category end) as favourite_category,
        max(case when favourite_rank = 2 then category end) as second_category,
        max(case when last_rank = 1 then category end) as last_category,
        cast(max(case when favourite_rank = 1 then revenue end) as double)
        / nullif(cast(sum(revenue) as double), 0) as favourite_category_share

    from bought
    group by customer_id

),

-- Two orders in a category show an interest; its related category is the next step.
growth as (

    select
        bought.customer_id,
        min(relations.related_category) as category_growth_category

    from bought
    inner join {{ ref('int_category_relations') }} as relations
        on bought.category = relations.category
    inner join {{ ref('int_product_sales') }} as stocked
        on relations.related_category = stocked.category
            and stocked.category_rank = 1
    left join bought as related_bought
        on bought.customer_id = related_bought.customer_id
            and relations.related_category = related_bought.category
    where bought.order_count >= 2
        and related_bought.customer_id is null
    group by bought.customer_id

),

-- Categories of goods kept, as sets; an item must not contain the separator of the set.
kept as (

    select
        customer_id,
        {{ sorted_text_list("replace(category, '|', '/')", '|') }} as bought_categories,
        {{ sorted_text_list(
            "case when " ~ within_window('ordered_date', 365) ~ " then replace(category, '|', '/') end", '|'
        ) }} as bought_categories_365d

    from {{ ref('order_lines') }}
    where
        is_counted
        and line_type = 'product'
        and customer_id is not null
        and category is not null
        and quantity > returned_units
    group by customer_id

),

joined as (

    select
        spine.customer_id,
        cast(coalesce(summary.category_count, 0) as bigint) as category_count,
        cast(coalesce(summary.new_category_count_365d, 0) as bigint) as new_category_count_365d,
        -- Nothing bought is the empty set, not an unknown one.
        coalesce(kept.bought_categories, '') as bought_categories,
        coalesce(kept.bought_categories_365d, '') as bought_categories_365d,
        summary.favourite_category,
        summary.favourite_category_share,
        summary.second_category,
        summary.last_category,
        growth.category_growth_category

    from {{ ref('int_customer_spine') }} as spine
    left join summary
        on spine.customer_id = summary.customer_id
    left join growth
        on spine.customer_id = growth.customer_id
    left join kept
        on spine.customer_id = kept.customer_id

)

select * from joined
