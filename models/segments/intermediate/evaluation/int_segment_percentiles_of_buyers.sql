-- Grain: one row per attribute and percentile of buyers (customers with at least one order) that a rule names.
{%- set segments = segment_rules_explained() %}
with features as (

    {{ segment_features(segments) }}

),

percentiles as (
    {{ segment_percentiles_sql(segments) }}

)

select * from percentiles
