-- Grain: one row per amount that to_cents does not round to the nearest cent, ties to even.
with cases as (

    select cast('0.005' as decimal(28, 10)) as given, cast('0.00' as decimal(18, 2)) as expected
    union all select cast('0.015' as decimal(28, 10)), cast('0.02' as decimal(18, 2))
    union all select cast('2.665' as decimal(28, 10)), cast('2.66' as decimal(18, 2))
    union all select cast('2.675' as decimal(28, 10)), cast('2.68' as decimal(18, 2))
    union all select cast('2.6650000001' as decimal(28, 10)), cast('2.67' as decimal(18, 2))
    union all select cast('-2.665' as decimal(28, 10)), cast('-2.66' as decimal(18, 2))
    union all select cast('-2.675' as decimal(28, 10)), cast('-2.68' as decimal(18, 2))
    -- More digits than a double holds.
    union all select cast('12345678901234.565' as decimal(28, 10)), cast('12345678901234.56' as decimal(18, 2))
    union all select cast('12345678901234.575' as decimal(28, 10)), cast('12345678901234.58' as decimal(18, 2))

),

rounded as (

    select
        given,
        expected,
        {{ to_cents('given') }} as actual

    from cases

)

select * from rounded
where actual <> expected or actual is null
