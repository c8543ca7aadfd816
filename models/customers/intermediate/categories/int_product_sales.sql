-- Grain: one row per product that can be sold and is in stock, with its sales rank in its category and product group.
with products as (

    select * from {{ ref('int_products') }}
    where is_in_stock

),

sold as (

    select
        sku,
        count(*) as line_count_365d

    from {{ ref('order_lines') }}
    where
        is_counted
        and line_type = 'product'
        and {{ within_window('ordered_date', 365) }}
    group by sku

),

ranked as (

    select
        products.sku,
        products.product_name,
        products.category,
        products.product_group,
        products.list_price,
        coalesce(sold.line_count_365d, 0) as line_count_365d,
        row_number() over (
            partition by products.category order by coalesce(sold.line_count_365d, 0) desc, products.sku
        ) as category_rank,
        row_number() over (
            partition by products.product_group order by coalesce(sold.line_count_365d, 0) desc, products.sku
        ) as group_rank

    from products
    left join sold
        on products.sku = sold.sku

)

select * from ranked
