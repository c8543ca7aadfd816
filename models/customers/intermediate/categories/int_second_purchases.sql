-- Grain: one row per category of a first purchase: the in-stock product group bought most on the second purchase day.
with lines as (

    select * from {{ ref('order_lines') }}
    where is_counted and line_type = 'product' and customer_id is not null

),

days as (

    select
        lines.customer_id,
        products.category,
        products.product_group,
        dense_rank() over (partition by lines.customer_id order by lines.ordered_date) as day_number

    from lines
    inner join {{ ref('int_products') }} as products
        on lines.sku = products.sku
    inner join {{ ref('int_category_training_customers') }} as customers
        on lines.customer_id = customers.customer_id

),

first_days as (

    select distinct
        customer_id,
        category
    from days
    where day_number = 1

),

second_days as (

    select distinct
        customer_id,
        product_group
    from days
    where day_number = 2

),

starters as (

    select
        first_days.category,
        count(distinct second_days.customer_id) as returner_count

    from first_days
    inner join second_days
        on first_days.customer_id = second_days.customer_id
    group by first_days.category

),

pairs as (

    select
        first_days.category,
        second_days.product_group,
        count(*) as customer_count

    from first_days
    inner join second_days
        on first_days.customer_id = second_days.customer_id
    group by first_days.category, second_days.product_group

),

ranked as (

    select
        pairs.category,
        pairs.product_group,
        stocked.sku,
        cast(pairs.customer_count as double) / starters.returner_count as share_of_second_purchases,
        row_number() over (
            partition by pairs.category order by pairs.customer_count desc, pairs.product_group
        ) as place

    from pairs
    cross join {{ ref('int_attribute_limits') }} as limits
    inner join starters
        on pairs.category = starters.category
    inner join {{ ref('int_product_sales') }} as stocked
        on pairs.product_group = stocked.product_group
            and stocked.group_rank = 1
    -- With fewer customers the pattern may be chance.
    where pairs.customer_count >= limits.second_purchase_count

),

second as (

    select
        category,
        product_group,
        sku,
        share_of_second_purchases
    from ranked
    where place = 1

)

select * from second
