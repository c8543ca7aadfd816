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
    union all select '447911123456', '+447911123456'
    union all select {{ "'\u200b07911\u00a0123456', '+447911123456'" }}
    {% endif %}
    union all select '''+447911123456', '+447911123456'
    union all select 'tel:+44-7911-123456', '+447911123456'
    union all select '＋４４ 7911 123456', '+447911123456'
    union all select '+44 7911–123–456', '+447911123456'
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

),

-- National numbers of a profile's own country.
cases_abroad as (

    select cast('0151 23456781' as {{ dbt.type_string() }}) as given, 'de' as country, '+4915123456781' as expected
    union all select '(415) 555-0132', 'US', '+14155550132'
    union all select '+49 151 23456781', 'US', '+4915123456781'
    {% if plan.code == '44' %}
    union all select '07911 123456', 'Atlantis', '+447911123456'
    union all select '07911 123456', null, '+447911123456'
    {% endif %}

),

parsed_abroad as (

    select
        given,
        expected,
        {{ normalise_phone('given', country='country') }} as actual

    from cases_abroad

),

all_parsed as (

    select * from parsed
    union all
    select * from parsed_abroad

)

select * from all_parsed
where coalesce(actual, 'null') <> coalesce(expected, 'null')
