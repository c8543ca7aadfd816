-- Grain: one row per web or app event that happened by as_of_date, whoever it belongs to.
-- A view: each consumer reads a few columns, and none needs it stored again.
{{ config(materialized='view') }}

{#- Event types, their relations, and which of the optional columns each has. -#}
{%- set kinds = [
    ('page_view', 'stg_web__pages', ['path', 'device_type']),
    ('product_view', 'stg_web__product_views', ['sku', 'category']),
    ('product_list_view', 'stg_web__product_list_views', ['category']),
    ('search', 'stg_web__product_searches', []),
    ('cart_view', 'stg_web__cart_views', []),
    ('cart_addition', 'stg_web__cart_additions', ['sku', 'category']),
    ('cart_removal', 'stg_web__cart_removals', ['sku', 'category']),
    ('checkout_started', 'stg_web__checkouts_started', []),
    ('order_completed', 'stg_web__orders_completed', ['source_order_id'])
] %}

with hits as (

    {% for event_type, relation, has in kinds %}
    select
        event_id,
        '{{ event_type }}' as event_type,
        anonymous_id,
        user_id,
        {% for column in ['sku', 'category', 'source_order_id', 'path', 'device_type'] %}
        {{ column if column in has else 'cast(null as ' ~ dbt.type_string() ~ ')' }} as {{ column }},
        {% endfor %}
        occurred_at,
        occurred_date
    from {{ ref(relation) }}
    where occurred_date <= {{ as_of_date() }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

)

select * from hits
