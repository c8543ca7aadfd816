-- Grain: one row per SKU: the catalogue row valid on as_of_date, with stock.
with products as (

    select * from {{ ref('int_products') }}

),

final as (

    select
        sku,
        product_name,
        category,
        subcategory,
        brand,
        currency,
        cast(list_price as decimal(18, 2)) as list_price,
        cast(unit_cost as decimal(18, 4)) as unit_cost,
        cast(replenishment_days as bigint) as replenishment_days,
        cast(available_units as bigint) as available_units,
        is_sellable,
        is_in_stock

    from products

)

select * from final
