-- Grain: one row per customer who bought a product but not its natural add-on, which is in stock now.
with bought as (

    select distinct
        customer_id,
        sku

    from {{ ref('order_lines') }}
    where is_counted and line_type = 'product' and customer_id is not null

),

add_ons as (

    select
        relations.sku,
        relations.related_sku

    from {{ ref('stg_products__product_relations') }} as relations
    inner join {{ ref('int_products') }} as products
        on relations.related_sku = products.sku
    where relations.relation_type = 'add_on' and products.is_in_stock

),

missing as (

    select
        bought.customer_id,
        min(add_ons.related_sku) as missing_add_on_sku

    from bought
    inner join add_ons
        on bought.sku = add_ons.sku
    left join bought as already
        on bought.customer_id = already.customer_id
            and add_ons.related_sku = already.sku
    where already.sku is null
    group by bought.customer_id

)

select * from missing
