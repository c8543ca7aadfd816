-- Grain: one row per customer of the spine: what they buy, what they lack and what is due; 0 or null where nothing is.
with spine as (

    select * from {{ ref('int_customer_spine') }}

),

due as (

    select
        customer_id,
        min(due_in_days) as replenishment_due_in_days,
        min_by(product_group, concat(lpad(cast(due_in_days + 1000 as {{ dbt.type_string() }}), 8, '0'), product_group))
            as replenishment_due_group

    from {{ ref('int_customer_replenishment') }}
    group by customer_id

),

joined as (

    select
        spine.customer_id,
        cast(coalesce(categories.category_count, 0) as bigint) as category_count,
        cast(coalesce(categories.category_count_365d, 0) as bigint) as category_count_365d,
        cast(coalesce(categories.new_category_count_365d, 0) as bigint) as new_category_count_365d,
        -- Nothing bought is the empty set, not an unknown one.
        coalesce(sets.bought_categories, '') as bought_categories,
        coalesce(sets.bought_categories_365d, '') as bought_categories_365d,
        categories.favourite_category,
        cast(categories.favourite_category_share as double) as favourite_category_share,
        categories.second_category,
        categories.last_category,
        categories.category_growth_category,
        next.next_best_category,
        cast(next.next_best_category_probability as double) as next_best_category_probability,
        add_ons.missing_add_on_sku,
        add_ons.missing_add_on_category,
        cast(due.replenishment_due_in_days as bigint) as replenishment_due_in_days,
        due.replenishment_due_group,
        owners.customer_id is not null as has_kept_campaign_product_365d

    from spine
    left join {{ ref('int_customer_category_summary') }} as categories
        on spine.customer_id = categories.customer_id
    left join {{ ref('int_customer_bought_categories') }} as sets
        on spine.customer_id = sets.customer_id
    left join {{ ref('int_customer_next_category') }} as next
        on spine.customer_id = next.customer_id
    left join {{ ref('int_customer_add_ons') }} as add_ons
        on spine.customer_id = add_ons.customer_id
    left join due
        on spine.customer_id = due.customer_id
    left join {{ ref('int_customer_campaign_products') }} as owners
        on spine.customer_id = owners.customer_id

)

select * from joined
