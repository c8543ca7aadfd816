-- Grain: one row per web or app event that happened by as_of_date, of whomever it is.
-- A view: the models that read it take a few columns each, and none needs it stored once more.
{{ config(materialized='view') }}

{%- set kinds = [
    ('page_view', 'stg_web__pages', false, false),
    ('product_view', 'stg_web__product_views', true, false),
    ('cart_addition', 'stg_web__cart_additions', true, false),
    ('order_completed', 'stg_web__orders_completed', false, true)
] %}

with hits as (

    {% for event_type, relation, has_product, has_order in kinds %}
    select
        event_id,
        '{{ event_type }}' as event_type,
        anonymous_id,
        user_id,
        {{ 'sku' if has_product else 'cast(null as ' ~ dbt.type_string() ~ ')' }} as sku,
        {{ 'category' if has_product else 'cast(null as ' ~ dbt.type_string() ~ ')' }} as category,
        {{ 'source_order_id' if has_order else 'cast(null as ' ~ dbt.type_string() ~ ')' }} as source_order_id,
        occurred_at,
        occurred_date
    from {{ ref(relation) }}
    where occurred_date <= {{ as_of_date() }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

)

select * from hits
