-- Grain: one row per adoption model and person who bought but has not adopted its target, with their interest in it.
with keys as (

    select distinct
        model_key,
        -- adoption:<kind>:<target>, where the target may contain colons.
        substr(model_key, instr(model_key, ':') + 1) as kind_and_target

    from {{ ref('adoption_parameters') }}
    where model_key like '%:%:%'

),

targets as (

    select
        model_key,
        {{ split_model_key('kind_and_target') }} as kind,
        substr(kind_and_target, instr(kind_and_target, ':') + 1) as target

    from keys

),

people as (

    select * from {{ ref('int_prediction_inputs') }}
    where customer_type = 'person'

),

adopted as (

    select
        targets.model_key,
        bought.customer_id

    from targets
    inner join {{ ref('int_customer_categories') }} as bought
        on targets.target = bought.category
    where targets.kind = 'category'
    union all
    select
        targets.model_key,
        bought.customer_id

    from targets
    inner join {{ ref('int_customer_products') }} as bought
        on targets.target = bought.sku
    where targets.kind = 'product'
    union all
    select
        targets.model_key,
        people.customer_id

    from targets
    cross join people
    where targets.kind = 'attribute' and {{ prediction_input_value('targets.target', 'people') }} > 0

),

-- Interest in a product is measured by its category.
target_categories as (

    select
        targets.model_key,
        case targets.kind when 'category' then targets.target else products.category end as category

    from targets
    left join {{ ref('products') }} as products
        on targets.target = products.sku
            and targets.kind = 'product'
    where
        targets.kind in ('category', 'product')
        or targets.target in ({{ literal_list(prediction_input_names()) }})

),

candidates as (

    select
        target_categories.model_key,
        people.customer_id,
        case when target_categories.category is not null then coalesce(interests.view_count_90d, 0) end
            as target_view_count_90d,
        case when target_categories.category is not null then coalesce(interests.affinity_lift, 1) end
            as target_affinity_lift

    from target_categories
    cross join people
    left join adopted
        on target_categories.model_key = adopted.model_key
            and people.customer_id = adopted.customer_id
    left join {{ ref('int_category_interests') }} as interests
        on target_categories.category = interests.category
            and people.customer_id = interests.customer_id
    where adopted.customer_id is null

)

select * from candidates
