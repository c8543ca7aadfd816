-- Grain: one row per adoption model and person who has bought, but not adopted what the model is about: what scores them.
{%- set targets = adoption_targets() %}
with inputs as (

    select * from {{ ref('int_prediction_inputs') }}
    where customer_type = 'person'

),

interests as (

    select * from {{ ref('int_category_interests') }}

),

bought_products as (

    select * from {{ ref('int_customer_products') }}

),

products as (

    select * from {{ ref('products') }}

),

candidates as (

    {% for target in targets %}
    select
        {{ text_literal(target.model_key) }} as model_key,
        inputs.*,
        {%- if target.kind == 'attribute' %}
        cast(null as double) as target_view_count_90d,
        cast(null as double) as target_affinity_lift

    from inputs
    where coalesce(inputs.{{ target.target }}, 0) = 0
        {%- else %}
        coalesce(interests.view_count_90d, 0) as target_view_count_90d,
        coalesce(interests.affinity_lift, 1) as target_affinity_lift

    from inputs
    left join interests
        on inputs.customer_id = interests.customer_id
            and interests.category = {% if target.kind == 'category' -%}
            {{ text_literal(target.target) }}
    where coalesce(interests.order_day_count, 0) = 0
            {%- else -%}
            (select max(products.category) from products where products.sku = {{ text_literal(target.target) }})
    left join bought_products
        on inputs.customer_id = bought_products.customer_id
            and bought_products.sku = {{ text_literal(target.target) }}
    where bought_products.customer_id is null
            {%- endif %}
        {%- endif %}
    {{ 'union all' if not loop.last }}
    {% else %}
    select
        cast(null as {{ dbt.type_string() }}) as model_key,
        inputs.*,
        cast(null as double) as target_view_count_90d,
        cast(null as double) as target_affinity_lift

    from inputs
    where 1 = 0
    {% endfor %}

)

select * from candidates
