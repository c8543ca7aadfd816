-- Grain: one row per customer and active segment of level 1 (it refers to no other) whose rule holds on as_of_date.
-- depends_on: {{ ref('int_segment_rule_errors') }}
with features as (

    {{ segment_features(1) }}

),

-- Read where a rule names a percentile.
percentiles as (  -- noqa: ST03

    select * from {{ ref('int_segment_percentiles_1') }}

),

matches as (
    {{ segment_matches_sql(1) }}

)

select * from matches
