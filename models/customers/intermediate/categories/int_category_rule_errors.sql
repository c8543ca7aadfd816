-- Grain: one row per fault of the seeds about categories: the row, what is wrong, and what was probably meant.
with relations as (

    select
        trim(coalesce(category, '')) as category,
        trim(coalesce(related_category, '')) as related_category,
        trim(coalesce(relation, '')) as relation,
        concat(trim(coalesce(category, '')), ', ', trim(coalesce(related_category, ''))) as row_text

    from {{ ref('category_relations') }}

),

campaign_products as (

    select
        trim(coalesce(campaign_key, '')) as campaign_key,
        trim(coalesce(sku, '')) as sku,
        trim(coalesce(category, '')) as category,
        concat(
            trim(coalesce(campaign_key, '')), ', ', trim(coalesce(sku, '')), ', ', trim(coalesce(category, ''))
        ) as row_text

    from {{ ref('campaign_products') }}

),

names as (

    select * from {{ ref('int_catalogue_names') }}

),

categories as (

    select distinct category from names

),

named_categories as (

    select
        'category_relations' as seed_name,
        row_text,
        'category' as cell,
        category as given
    from relations

    union all

    select
        'category_relations',
        row_text,
        'related_category',
        related_category
    from relations

    union all

    select
        'campaign_products',
        row_text,
        'category',
        category
    from campaign_products
    where category <> ''

),

-- Each wrong name beside every category, for the nearest.
unknown_categories as (

    select
        given.seed_name,
        given.row_text,
        given.cell,
        given.given,
        min_by(other.category, {{ name_distance('given.given', 'other.category') }}) as nearest

    from named_categories as given
    left join categories as same
        on given.given = same.category
    left join categories as other
        on same.category is null
    where same.category is null
    group by given.seed_name, given.row_text, given.cell, given.given

),

faults as (

    select
        seed_name,
        row_text,
        concat(cell, ' is `', given, '`, which the catalogue does not have') as reason,
        coalesce(concat('did you mean `', nearest, '`?'), 'load the product catalogue first') as suggestion
    from unknown_categories

    union all

    select
        'category_relations',
        row_text,
        concat('relation is `', relation, '`'),
        'write goes_with or add_on'
    from relations
    where relation not in ('goes_with', 'add_on')

    union all

    select
        'category_relations',
        row_text,
        'a category is related to itself',
        'delete the row'
    from relations
    where category = related_category

    union all

    select
        'category_relations',
        row_text,
        concat('the pair stands there ', count(*), ' times'),
        'keep one row'
    from relations
    group by row_text
    having count(*) > 1

    union all

    select
        'campaign_products',
        row_text,
        case when sku <> '' then 'both sku and category are filled' else 'neither sku nor category is filled' end,
        'fill one of the two'
    from campaign_products
    where (sku = '') = (category = '')

    union all

    select
        'campaign_products',
        row_text,
        'campaign_key is empty',
        'name the campaign'
    from campaign_products
    where campaign_key = ''

    union all

    select
        'campaign_products',
        products.row_text,
        concat('sku is `', products.sku, '`, which the catalogue does not have'),
        'copy the SKU from the catalogue'
    from campaign_products as products
    left join names
        on products.sku = names.sku
    where products.sku <> '' and names.sku is null

)

select distinct * from faults
