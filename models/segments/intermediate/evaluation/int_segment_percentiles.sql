-- Grain: one row per attribute and percentile that an active rule names: `25` of buyers, or `25 of a_segment`.
with percentiles as (

    select * from {{ ref('int_segment_percentiles_1') }}
    union all
    select * from {{ ref('int_segment_percentiles_2') }}
    union all
    select * from {{ ref('int_segment_percentiles_3') }}

)

select * from percentiles
