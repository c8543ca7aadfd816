-- Grain: one row per node of the double exponential rule: sinh and cosh of 121 even steps from -5 to 5.
with numbers as (

    {{ number_spine(121) }}

),

steps as (

    select (number - 60) / cast(12 as double) as u
    from numbers

),

nodes as (

    select
        (exp(u) - exp(-u)) / 2 as sinh_u,
        (exp(u) + exp(-u)) / 2 as cosh_u

    from steps

)

select * from nodes
