-- Grain: one row per pair of days for which days_between or days_before is wrong.
with cases as (

    select cast('2026-06-30' as date) as start_day, cast('2026-06-30' as date) as end_day, 0 as expected
    union all select cast('2026-06-30' as date), cast('2026-07-01' as date), 1
    union all select cast('2026-07-01' as date), cast('2026-06-30' as date), -1
    -- The clocks change within the first two; 2028 has a 29 February.
    union all select cast('2026-03-28' as date), cast('2026-03-30' as date), 2
    union all select cast('2026-10-24' as date), cast('2026-10-26' as date), 2
    union all select cast('2028-02-28' as date), cast('2028-03-01' as date), 2
    union all select cast('2025-06-30' as date), cast('2026-06-30' as date), 365

),

counted as (

    select
        start_day,
        end_day,
        expected,
        {{ days_between('start_day', 'end_day') }} as actual,
        {{ days_before('end_day', 'expected') }} as start_again

    from cases

)

select * from counted
where actual <> expected or start_again <> start_day
