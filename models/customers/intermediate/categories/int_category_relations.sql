-- Grain: one row per category and related category, from the seed category_relations or the catalogue's add-ons.
with stated as (

    select
        trim(category) as category,
        trim(related_category) as related_category,
        trim(relation) as relation

    from {{ ref('category_relations') }}

),

products as (

    select * from {{ ref('int_products') }}

),

from_catalogue as (

    select distinct
        products.category,
        related.category as related_category,
        'add_on' as relation

    from {{ ref('stg_products__product_relations') }} as relations
    inner join products
        on relations.sku = products.sku
    inner join products as related
        on relations.related_sku = related.sku
    where relations.relation_type = 'add_on' and products.category <> related.category

),

-- The seed takes precedence over the catalogue.
pairs as (

    select
        *,
        true as is_from_seed
    from stated

    union all

    select
        from_catalogue.*,
        false as is_from_seed
    from from_catalogue
    left join stated
        on from_catalogue.category = stated.category
            and from_catalogue.related_category = stated.related_category
    where stated.category is null

)

select * from pairs
