-- Grain: one row per address that normalise_email does not parse as expected; there must be none.
with cases as (

    select cast('ann@example.com' as {{ dbt.type_string() }}) as given, 'ann@example.com' as expected
    union all select '  Ann.Other+News@Example.CO.UK ', 'ann.other+news@example.co.uk'
    union all select 'o''brien@example.ie', 'o''brien@example.ie'
    union all select 'two@at@example.com', null
    union all select 'no-at.example.com', null
    union all select 'ann@localhost', null
    union all select 'ann@example.', null
    union all select 'ann smith@example.com', null
    union all select 'Ann <ann@example.com>', null
    union all select 'a@example.com, b@example.com', null
    union all select '', null
    union all select null, null

),

parsed as (

    select
        given,
        expected,
        {{ normalise_email('given') }} as actual

    from cases

)

select * from parsed
where coalesce(actual, 'null') <> coalesce(expected, 'null')
