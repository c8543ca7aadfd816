-- Grain: one row per customer of the spine: what they buy, and what goes with it.
with spine as (

    select * from {{ ref('int_customer_spine') }}

),

joined as (

    select
        spine.customer_id,
        cast(coalesce(categories.category_count, 0) as bigint) as category_count,
        categories.favourite_category,
        categories.category_growth_category,
        add_ons.missing_add_on_sku,
        cast(replenishment.replenishment_due_in_days as bigint) as replenishment_due_in_days

    from spine
    left join {{ ref('int_customer_category_summary') }} as categories
        on spine.customer_id = categories.customer_id
    left join {{ ref('int_customer_add_ons') }} as add_ons
        on spine.customer_id = add_ons.customer_id
    left join {{ ref('int_customer_replenishment') }} as replenishment
        on spine.customer_id = replenishment.customer_id

)

select * from joined
