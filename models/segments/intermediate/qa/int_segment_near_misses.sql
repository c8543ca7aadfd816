-- Grain: one row per active segment and customer who just misses it, ten at most: the nearest and most valuable.
-- depends_on: {{ ref('int_segment_rule_errors') }}
with features as (

    {{ segment_features() }}

),

-- Read where a rule names a percentile.
percentiles as (  -- noqa: ST03

    select * from {{ ref('int_segment_percentiles') }}

),

-- Read where a rule speaks of another segment.
lower_matches as (  -- noqa: ST03

    select
        customer_id,
        segment_key

    from {{ ref('int_segment_matches') }}

),

near_misses as (
    {{ segment_near_misses_sql(10) }}

)

select * from near_misses
