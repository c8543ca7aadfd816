-- Grain: one row per attribute and percentile over the members of a segment of level 1 that an active rule names.
with features as (

    {{ segment_features() }}

),

-- Read where a rule names such a percentile.
lower_matches as (  -- noqa: ST03

    select
        customer_id,
        segment_key

    from {{ ref('int_segment_matches_1') }}

),

percentiles as (
    {{ segment_percentiles_sql(2) }}

)

select * from percentiles
