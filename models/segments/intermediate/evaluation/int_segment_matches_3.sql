-- Grain: one row per customer and active segment of level 3 (refers to one of level 2) whose rule holds on as_of_date.
-- depends_on: {{ ref('int_segment_rule_errors') }}
with features as (

    {{ segment_features(3) }}

),

-- Read where a rule names a percentile or another segment.
percentiles as (  -- noqa: ST03

    select * from {{ ref('int_segment_percentiles_1') }}
    union all
    select * from {{ ref('int_segment_percentiles_2') }}
    union all
    select * from {{ ref('int_segment_percentiles_3') }}

),

lower_matches as (  -- noqa: ST03

    select
        customer_id,
        segment_key

    from {{ ref('int_segment_matches_1') }}
    union all
    select
        customer_id,
        segment_key

    from {{ ref('int_segment_matches_2') }}

),

matches as (
    {{ segment_matches_sql(3) }}

)

select * from matches
