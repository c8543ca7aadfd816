-- Grain: one row per seed row and error, by what its YAML declares: what is wrong and what to write instead.
with violations as (
    {{ seed_violations_of('int_seed_violations') }}

)

select * from violations
