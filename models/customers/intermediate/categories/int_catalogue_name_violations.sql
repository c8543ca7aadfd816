-- Grain: one row per product or category that a seed names but the catalogue lacks, with the closest match.
with named as (

    select
        'category_relations' as seed_name,
        concat_ws('', trim(coalesce(category, '')), ', ', trim(coalesce(related_category, ''))) as row_text,
        'category is' as cell,
        'category' as kind,
        category as given
    from {{ ref('category_relations') }}

    union all

    select
        'category_relations',
        concat_ws('', trim(coalesce(category, '')), ', ', trim(coalesce(related_category, ''))),
        'related_category is',
        'category',
        related_category
    from {{ ref('category_relations') }}
    {%- for cell in ['category', 'sku'] %}

    union all

    select
        'campaign_products',
        trim(concat_ws(
            '', trim(coalesce(campaign_key, '')), ', ', trim(coalesce(sku, '')), ', ', trim(coalesce(category, ''))
        )),
        '{{ cell }} is',
        '{{ cell }}',
        {{ cell }}
    from {{ ref('campaign_products') }}
    {%- endfor %}
    {%- for cell, kind in [('products', 'sku'), ('categories', 'category')] %}

    union all

    select
        'campaign_plans',
        coalesce(nullif(trim(plan_key), ''), '(no key)'),
        '{{ cell }} names',
        '{{ kind }}',
        {{ split_to_rows(cell) }}
    from {{ ref('campaign_plans') }}
    where nullif(trim({{ cell }}), '') is not null
    {%- endfor %}

),

given_names as (

    select distinct
        seed_name,
        row_text,
        cell,
        kind,
        trim(coalesce(given, '')) as given

    from named

),

names as (

    select
        'sku' as kind,
        sku as item

    from {{ ref('int_catalogue_names') }}
    union
    select
        'category' as kind,
        category as item

    from {{ ref('int_catalogue_names') }}

),

-- Each unknown name compared with all known ones, for the closest match.
unknown_names as (

    select
        given_names.seed_name,
        given_names.row_text,
        given_names.cell,
        given_names.kind,
        given_names.given,
        {{ nearest_name('given_names.given', 'others.item') }} as closest_match

    from given_names
    left join names
        on given_names.kind = names.kind and given_names.given = names.item
    left join names as others
        on given_names.kind = others.kind and names.item is null
    where
        names.item is null
        -- A row of campaign_products leaves either sku or category empty.
        and (given_names.given <> '' or given_names.seed_name <> 'campaign_products')
    group by given_names.seed_name, given_names.row_text, given_names.cell, given_names.kind, given_names.given

),

violations as (

    select
        seed_name,
        row_text,
        concat_ws('', cell, ' `', given, '`, which is not in the catalogue') as reason,
        case
            when closest_match is null then 'load the product catalogue first'
            when seed_name = 'campaign_products' and kind = 'sku' then 'copy the SKU from the catalogue'
            else concat_ws('', 'did you mean `', closest_match, '`?')
        end as suggestion

    from unknown_names

)

select * from violations
