-- Grain: one row per fault of a seed by what its YAML declares: the row, what is wrong, and what to write.
with violations as (
    {{ seed_violations_of('int_seed_violations') }}

)

select * from violations
