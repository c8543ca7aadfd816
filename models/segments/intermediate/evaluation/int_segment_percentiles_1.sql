-- Grain: one row per attribute and percentile of buyers (customers with at least one order) that an active rule names.
with features as (

    {{ segment_features() }}

),

percentiles as (
    {{ segment_percentiles_sql(1) }}

)

select * from percentiles
