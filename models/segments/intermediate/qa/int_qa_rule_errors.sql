-- Grain: one row per fault of the seeds campaign_plans and qa_limits: the row, what is wrong, how to mend it.
with plans as (

    select
        coalesce(nullif(trim(plan_key), ''), '(no key)') as row_text,
        nullif(trim(products), '') as products,
        nullif(trim(categories), '') as categories

    from {{ ref('campaign_plans') }}

),

promoted as (

    select
        row_text,
        'products' as cell,
        {{ split_to_rows('products') }} as raw_item

    from plans
    where products is not null

    union all

    select
        row_text,
        'categories' as cell,
        {{ split_to_rows('categories') }} as raw_item

    from plans
    where categories is not null

),

names as (

    select
        'products' as cell,
        sku as item

    from {{ ref('int_catalogue_names') }}

    union

    select
        'categories' as cell,
        category as item

    from {{ ref('int_catalogue_names') }}

),

-- Each unknown name beside all that there are, for the nearest.
unknown_names as (

    select
        promoted.row_text,
        promoted.cell,
        trim(promoted.raw_item) as item,
        min_by(others.item, {{ name_distance('trim(promoted.raw_item)', 'others.item') }}) as nearest

    from promoted
    left join names
        on promoted.cell = names.cell and trim(promoted.raw_item) = names.item
    left join names as others
        on promoted.cell = others.cell and names.item is null
    where names.item is null
    group by promoted.row_text, promoted.cell, trim(promoted.raw_item)

),

faults as (

    select
        'campaign_plans' as seed_name,
        row_text,
        reason,
        suggestion

    from {{ ref('int_campaign_plan_faults') }}

    union all

    select
        'campaign_plans' as seed_name,
        row_text,
        concat(cell, ' names `', item, '`, which the catalogue does not have') as reason,
        coalesce({{ dbt.concat(["'did you mean `'", 'nearest', "'`?'"]) }}, 'load the product catalogue first')
            as suggestion

    from unknown_names

    union all

    select
        'qa_limits' as seed_name,
        row_text,
        reason,
        suggestion

    from {{ ref('int_qa_limit_faults') }}

)

select * from faults
