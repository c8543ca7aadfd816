-- Grain: one row per customer of the spine: what they may need or want next, and whether they own campaign
-- products.
with due as (

    select
        customer_id,
        min(due_in_days) as replenishment_due_in_days,
        min_by(product_group, (due_in_days, product_group)) as replenishment_due_group

    from {{ ref('customer_replenishment') }}
    group by customer_id

),

declared as (

    select
        nullif(trim(sku), '') as sku,
        nullif(trim(category), '') as category

    from {{ ref('campaign_products') }}

),

campaign_skus as (

    select products.sku
    from {{ ref('int_products') }} as products
    inner join declared
        on products.sku = declared.sku

    union

    select products.sku
    from {{ ref('int_products') }} as products
    inner join declared
        on products.category = declared.category

),

owners as (

    select distinct bought.customer_id

    from {{ ref('int_customer_products') }} as bought
    inner join campaign_skus
        on bought.sku = campaign_skus.sku
    where {{ within_window('bought.last_kept_date', 365) }}

),

joined as (

    select
        spine.customer_id,
        next.next_best_category,
        cast(next.next_best_category_probability as double) as next_best_category_probability,
        add_ons.missing_add_on_sku,
        add_ons.missing_add_on_category,
        cast(due.replenishment_due_in_days as bigint) as replenishment_due_in_days,
        due.replenishment_due_group,
        owners.customer_id is not null as has_kept_campaign_product_365d

    from {{ ref('int_customer_spine') }} as spine
    left join {{ ref('int_customer_next_category') }} as next
        on spine.customer_id = next.customer_id
    left join {{ ref('int_customer_add_ons') }} as add_ons
        on spine.customer_id = add_ons.customer_id
    left join due
        on spine.customer_id = due.customer_id
    left join owners
        on spine.customer_id = owners.customer_id

)

select * from joined
