-- Grain: one row per row of the source map whose source is on: how full its column is, how plausible, how new.
with measures as (

    {{ source_map_measures() }}

)

select * from measures
