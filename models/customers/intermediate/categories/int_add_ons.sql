-- Grain: one row per product and natural add-on in stock, from the catalogue or else from baskets.
with products as (

    select * from {{ ref('int_products') }}

),

stocked as (

    select * from {{ ref('int_product_sales') }}

),

stated as (

    select
        relations.sku,
        relations.related_sku,
        stocked.product_group as related_group,
        stocked.line_count_365d

    from {{ ref('stg_products__product_relations') }} as relations
    inner join stocked
        on relations.related_sku = stocked.sku
    where relations.relation_type = 'add_on'

),

-- A cheaper product group bought with another far more often than by chance: its best seller is the add-on.
from_baskets as (

    select
        products.sku,
        stocked.sku as related_sku,
        stocked.product_group as related_group,
        stocked.line_count_365d

    from {{ ref('int_basket_affinities') }} as affinities
    cross join {{ ref('int_attribute_limits') }} as limits
    inner join products
        on affinities.product_group = products.product_group
    inner join stocked
        on affinities.related_group = stocked.product_group
            and stocked.group_rank = 1
    where
        affinities.is_significant
        and affinities.is_cheaper
        and affinities.lift >= limits.add_on_lift
        and affinities.confidence >= limits.add_on_confidence

),

combined as (

    select
        stated.*,
        true as is_stated
    from stated

    union all

    select
        from_baskets.*,
        false as is_stated
    from from_baskets
    left join stated
        on from_baskets.sku = stated.sku
            and from_baskets.related_group = stated.related_group
    where stated.sku is null

),

ranked as (

    select
        combined.sku,
        combined.related_sku,
        combined.related_group,
        products.product_group = combined.related_group as is_same_group,
        combined.is_stated,
        -- One add-on per product group is enough.
        row_number() over (
            partition by combined.sku, combined.related_group
            order by combined.line_count_365d desc, combined.related_sku
        ) as place

    from combined
    inner join products
        on combined.sku = products.sku

),

best as (

    select
        sku,
        related_sku,
        related_group,
        is_same_group,
        is_stated
    from ranked
    where place = 1

)

select * from best
