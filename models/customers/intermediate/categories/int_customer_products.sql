-- Grain: one row per customer and product bought in orders that count: when last, and when last kept at least in part.
-- A view: one cheap pass over tables, so storing it would gain nothing.
{{ config(materialized='view') }}

with lines as (

    select * from {{ ref('order_lines') }}
    where is_counted and line_type = 'product' and customer_id is not null

),

bought as (

    select
        customer_id,
        sku,
        max(ordered_date) as last_ordered_date,
        max(case when quantity > returned_units then ordered_date end) as last_kept_date

    from lines
    group by customer_id, sku

),

joined as (

    select
        bought.*,
        products.category,
        products.product_group,
        coalesce(products.product_name, bought.sku) as product_name,
        products.list_price

    from bought
    inner join {{ ref('int_products') }} as products
        on bought.sku = products.sku

)

select * from joined
