-- Grain: one row per customer who may be profiled: the attributes that the seed behaviour_windows declares.
-- depends_on: {{ ref('int_behaviour_window_errors') }}
-- One grouped pass over each relation that a row of the seed uses, over no more days than its rows look back.
{{ config(post_hook="{{ comment_on_behaviour_windows() }}") }}
{%- set windows = behaviour_windows() %}
{%- do stop_on_seed_faults(behaviour_window_faults(behaviour_window_rows())) %}
{%- set sources = {} %}
{%- for name, source in behaviour_event_sources().items() %}
    {%- set wanted = windows | selectattr('source', 'equalto', name) | list %}
    {#- What the seed will use is not known when dbt reads the project: every relation is named then. #}
    {%- if wanted or not execute %}
        {%- do sources.update({name: dict(
            source,
            relation=ref(source.model),
            windows=wanted,
            days=wanted | map(attribute='days') | max,
            catalogue=ref('int_products') if not execute or wanted | selectattr('needs_catalogue') | list else none
        )}) %}
    {%- endif %}
{%- endfor %}
with customers as (

    select * from {{ ref('int_profiled_customers') }}

),
{% for name, source in sources.items() %}
from_{{ name }} as (

    select
        events.customer_id
        {%- for window in source.windows %},
        {{ behaviour_window_sql(window) }} as {{ adapter.quote(window.attribute_name) }}
        {%- endfor %}

    from {{ source.relation }} as events
    {%- if source.catalogue %}
    left join {{ source.catalogue }} as products
        on events.sku = products.sku
    {%- endif %}
    where
        events.customer_id is not null
        and {{ within_window(source.date, source.days if source.windows else 1) }}
        {%- if source.where %}
        and {{ source.where }}
        {%- endif %}
        {%- set kinds = source.windows | map(attribute='is') | unique | list %}
        {%- if kinds and '' not in kinds %}
        and ({{ kinds | join(' or ') }})
        {%- endif %}
    group by events.customer_id

),
{% endfor %}
joined as (

    select
        customers.customer_id,
        {{ as_of_date() }} as as_of_date
        {%- for window in windows %},
        cast(coalesce(from_{{ window.source }}.{{ adapter.quote(window.attribute_name) }}, 0) as {{ window.data_type }})
            as {{ adapter.quote(window.attribute_name) }}
        {%- endfor %}

    from customers
    {%- for name in sources %}
    left join from_{{ name }}
        on customers.customer_id = from_{{ name }}.customer_id
    {%- endfor %}

)

select * from joined
