-- Grain: one row per customer and active segment of level 2 (refers to one of level 1) whose rule holds on as_of_date.
-- depends_on: {{ ref('int_segment_rule_errors') }}
with features as (

    {{ segment_features(2) }}

),

-- Read where a rule names a percentile or another segment.
percentiles as (  -- noqa: ST03

    select * from {{ ref('int_segment_percentiles_1') }}
    union all
    select * from {{ ref('int_segment_percentiles_2') }}

),

lower_matches as (  -- noqa: ST03

    select
        customer_id,
        segment_key

    from {{ ref('int_segment_matches_1') }}

),

matches as (
    {{ segment_matches_sql(2) }}

)

select * from matches
