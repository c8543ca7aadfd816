-- Grain: one row per customer and active segment whose rule holds on as_of_date. Rules that refer to other segments are
-- evaluated after those: level 1 has no references, level 3 refers to a segment that itself refers to one.
-- depends_on: {{ ref('int_segment_rule_errors') }}
{%- do stop_on_segment_rule_errors() %}
{%- set levels = segment_levels_to_evaluate() %}
-- Read by the rules of every level.
with features as (  -- noqa: ST03

    {{ segment_features(segment_rules_to_evaluate()) }}

),

buyer_percentiles as (  -- noqa: ST03

    select * from {{ ref('int_segment_percentiles_of_buyers') }}

),
{% for level in levels %}
{%- set segments = segment_rules_to_evaluate(level) %}
matches_{{ level }} as (

    with
    {%- if not loop.first %}
    lower_matches as (  -- noqa: ST03
        {%- for lower in levels[:loop.index0] %}
        select
            customer_id,
            segment_key
        from matches_{{ lower }}
        {{ 'union all' if not loop.last }}
        {%- endfor %}
    ),
    {%- endif %}

    percentiles as (  -- noqa: ST03
        select * from buyer_percentiles
        {%- if not loop.first %}
        union all
        select * from ({{ segment_percentiles_sql(segments, of_members=true) }}) as percentiles_of_members
        {%- endif %}
    )
    {%- if not loop.first %},

    features_and_members as (  -- noqa: ST03
        {{ segment_features_and_members(segments) }}
    )
    {%- endif %}
    {{ segment_matches_sql(segments, 'features' if loop.first else 'features_and_members') }}

),
{% endfor %}
matches as (
    {% for level in levels %}
    select * from matches_{{ level }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select * from matches
