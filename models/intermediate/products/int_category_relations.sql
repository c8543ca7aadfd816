-- Grain: one row per category and category that naturally goes with it, from the catalogue's add-ons.
with relations as (

    select * from {{ ref('stg_products__product_relations') }}
    where relation_type = 'add_on'

),

products as (

    select * from {{ ref('int_products') }}

),

pairs as (

    select
        products.category,
        related.category as related_category,
        count(*) as relation_count

    from relations
    inner join products
        on relations.sku = products.sku
    inner join products as related
        on relations.related_sku = related.sku
    where products.category <> related.category
    group by products.category, related.category

)

select * from pairs
