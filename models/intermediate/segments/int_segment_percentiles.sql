-- Grain: one row per attribute and percentile that an active rule names; base: customers with at least one order.
with features as (

    {{ segment_features() }}

),

percentiles as (
    {{ segment_percentiles_sql() }}

)

select * from percentiles
