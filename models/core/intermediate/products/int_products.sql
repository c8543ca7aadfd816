-- Grain: one row per SKU: the catalogue row valid on as_of_date, with stock where it is counted.
with catalogue as (

    select
        *,
        row_number() over (partition by sku order by valid_from desc) as validity_rank

    from {{ ref('stg_products__products') }}
    where valid_from <= {{ as_of_date() }}

),

latest_counts as (

    select
        sku,
        location_id,
        on_hand,
        reserved,
        row_number() over (partition by sku, location_id order by counted_at desc) as count_rank

    from {{ ref('stg_inventory__stock_levels') }}
    where counted_date <= {{ as_of_date() }}

),

stock as (

    select
        sku,
        sum(on_hand - coalesce(reserved, 0)) as available_units

    from latest_counts
    where count_rank = 1
    group by sku

),

joined as (

    select
        catalogue.sku,
        catalogue.product_name,
        catalogue.category,
        catalogue.subcategory,
        -- Two categories may each have a subcategory of the same name.
        case
            when catalogue.subcategory is null then catalogue.category
            else concat_ws('', catalogue.category, ' > ', catalogue.subcategory)
        end as product_group,
        catalogue.brand,
        catalogue.list_price,
        catalogue.unit_cost,
        catalogue.currency,
        catalogue.replenishment_days,
        catalogue.is_sellable,
        stock.available_units,
        catalogue.is_sellable and coalesce(stock.available_units, 0) > 0 as is_in_stock

    from catalogue
    left join stock
        on catalogue.sku = stock.sku
    where catalogue.validity_rank = 1

)

select * from joined
