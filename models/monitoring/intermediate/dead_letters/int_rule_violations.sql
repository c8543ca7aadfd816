-- Grain: one row per record version and rule that it breaks, over all sources.
-- A view: the tables that it combines are stored.
{{ config(materialized='view') }}

{% for model, tables in validated_tables() | groupby('model') %}
select
    '{{ tables[0].source_name }}' as source,
    *
from {{ ref(model) }}
{{ 'union all' if not loop.last }}
{% endfor %}
