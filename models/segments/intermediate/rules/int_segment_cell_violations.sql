-- Grain: one row per fault of the segment seeds by what their YAML declares: the row, what is wrong, what to write.
with violations as (
    {{ seed_violations_of('int_segment_cell_violations') }}

)

select * from violations
