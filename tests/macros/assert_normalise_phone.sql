-- Grain: one row per number that normalise_phone does not parse as expected; there must be none.
{% set plan = numbering_plan() %}
with cases as (

    select cast('+44 7911 123456' as {{ dbt.type_string() }}) as given, '+447911123456' as expected
    union all select '0044 7911 123456', '+447911123456'
    union all select '+44 (0)20 7946 0958', '+442079460958'
    union all select '+1 (415) 555-0132', '+14155550132'
    union all select ' +49.30/901820 ', '+4930901820'
    -- National numbers, as written in the default country.
    {% if plan.code == '44' %}
    union all select '07911 123456', '+447911123456'
    union all select '(020) 7946-0958', '+442079460958'
    -- A spreadsheet dropped the leading 0: it must not be guessed.
    union all select '7911123456', null
    {% endif %}
    union all select '+44 79', null
    union all select '+4479111234567890', null
    union all select '+0 7911 123456', null
    union all select '+44 7911 123456 ext. 7', null
    union all select 'ask Ann', null
    union all select '', null
    union all select null, null

),

parsed as (

    select
        given,
        expected,
        {{ normalise_phone('given') }} as actual

    from cases

)

select * from parsed
where coalesce(actual, 'null') <> coalesce(expected, 'null')
