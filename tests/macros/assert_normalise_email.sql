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
    union all select 'Ann <ann@example.com>', 'ann@example.com'
    union all select '"Other, Ann" <mailto:Ann@example.com>', 'ann@example.com'
    union all select 'a@example.com, b@example.com', 'a@example.com'
    union all select 'a@example.com; b@example.com', 'a@example.com'
    union all select 'mailto:ann@example.com', 'ann@example.com'
    union all select 'ann@example.com.', 'ann@example.com'
    union all select '''ann@example.com''', 'ann@example.com'
    union all select '"ann@example.com"', 'ann@example.com'
    -- Full width; an accent of its own; blanks and marks that nobody sees.
    union all select 'ａｎｎ＠ｅｘａｍｐｌｅ．ｃｏｍ', 'ann@example.com'
    union all select {{ "'jose\u0301@example.com', 'jos\u00e9@example.com'" }}
    union all select {{ "'\u200bann@example.com\u200b', 'ann@example.com'" }}
    union all select {{ "'\u00a0ann@exam\u00adple.com\ufeff', 'ann@example.com'" }}
    union all select 'see ann@example.com', null
    union all select 'ann@example.com@example.com', null
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
