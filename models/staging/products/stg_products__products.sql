-- Grain: one row per product (sku) and day from which its price and cost apply.
with versions as (

    {{ latest_version('products', 'product') }}

),

renamed as (

    select
        sku,
        valid_from,
        product_name,
        category,
        subcategory,
        brand,
        upper(currency) as currency,
        list_price,
        unit_cost,
        replenishment_days,
        coalesce(is_sellable, true) as is_sellable,
        known_at

    from versions

)

select * from renamed
