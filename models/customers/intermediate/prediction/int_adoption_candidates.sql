-- Grain: one row per adoption model and person who bought, but has not adopted its target: what scores them.
{%- set features = adoption_targets() | selectattr('kind', 'equalto', 'attribute') | map(attribute='target') | list %}
with targets as (
    {{ literal_rows({
        'model_key': dbt.type_string(), 'kind': dbt.type_string(), 'target': dbt.type_string()
    }, adoption_targets()) }}

),

persons as (

    select * from {{ ref('int_prediction_inputs') }}
    where customer_type = 'person'

),

feature_values as (

    {{ attributes_as_rows('persons', ['customer_id'], features) }}

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
        feature_values.customer_id

    from targets
    inner join feature_values
        on targets.target = feature_values.attribute_name
    where targets.kind = 'attribute' and feature_values.attribute_value > 0

),

-- Interest in a product shows in its category.
placed as (

    select
        targets.model_key,
        case targets.kind when 'category' then targets.target else products.category end as category

    from targets
    left join {{ ref('products') }} as products
        on targets.target = products.sku
            and targets.kind = 'product'

),

candidates as (

    select
        placed.model_key,
        persons.*,
        case when placed.category is not null then coalesce(interests.view_count_90d, 0) end as target_view_count_90d,
        case when placed.category is not null then coalesce(interests.affinity_lift, 1) end as target_affinity_lift

    from placed
    cross join persons
    left join adopted
        on placed.model_key = adopted.model_key
            and persons.customer_id = adopted.customer_id
    left join {{ ref('int_category_interests') }} as interests
        on placed.category = interests.category
            and persons.customer_id = interests.customer_id
    where adopted.customer_id is null

)

select * from candidates
