-- Grain: one row per seed row of the segment seeds and violation of what their YAML declares.
with violations as (
    {{ seed_violations_of('int_segment_cell_violations') }}

)

select * from violations
