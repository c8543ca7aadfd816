-- Grain: one row per attribute and percentile that a rule names which is explained but not evaluated, such as a draft.
{%- set segments = [] %}
{%- for segment in segment_rules_explained() if segment.status != 'active' %}
    {%- do segments.append(segment) %}
{%- endfor %}
with features as (

    select * from {{ segment_features_of_all() }} as all_features

),

-- Read where a rule names a percentile of a segment.
lower_matches as (  -- noqa: ST03

    select
        customer_id,
        segment_key

    from {{ ref('int_segment_matches') }}

),

percentiles as (
    {{ segment_percentiles_sql(none, segments) }}

)

select * from percentiles
