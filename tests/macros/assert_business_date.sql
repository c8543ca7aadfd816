-- Grain: one row per instant that business_date puts on the wrong day. In British summer the day begins at 23:00 UTC.
-- Until 2019 clocks in São Paulo were changed at midnight: 4 November 2018 began at 01:00.
{% set cases = {
    'Europe/London': [
        ('2026-06-30 22:59:59', '2026-06-30'),
        ('2026-06-30 23:00:00', '2026-07-01'),
        ('2026-03-29 00:00:00', '2026-03-29'),
        ('2026-03-29 22:59:59', '2026-03-29'),
        ('2026-03-29 23:00:00', '2026-03-30'),
        ('2026-10-25 00:30:00', '2026-10-25'),
        ('2026-10-25 23:59:59', '2026-10-25'),
        ('2026-12-31 23:59:59', '2026-12-31'),
        ('2027-01-01 00:00:00', '2027-01-01')
    ],
    'America/Sao_Paulo': [
        ('2026-07-01 02:59:59', '2026-06-30'),
        ('2026-07-01 03:00:00', '2026-07-01'),
        ('2018-11-04 02:59:59', '2018-11-03'),
        ('2018-11-04 03:00:00', '2018-11-04'),
        ('2018-02-18 02:59:59', '2018-02-17'),
        ('2018-02-18 03:00:00', '2018-02-18')
    ],
    'Asia/Kolkata': [
        ('2026-06-30 18:29:59', '2026-06-30'),
        ('2026-06-30 18:30:00', '2026-07-01')
    ],
    'UTC': [
        ('2026-06-30 23:59:59', '2026-06-30'),
        ('2026-07-01 00:00:00', '2026-07-01')
    ]
} %}
with cases as (

    select cast(null as timestamp) as instant, cast(null as date) as expected
    {% for instant, day in cases.get(business_timezone(), []) %}
    union all select cast('{{ instant }}' as timestamp), cast('{{ day }}' as date)
    {% endfor %}

),

placed as (

    select
        instant,
        expected,
        {{ business_date('instant') }} as actual,
        {{ business_date(as_of_end()) }} as day_after_as_of_date

    from cases

)

select * from placed
where
    actual <> expected
    or (actual is null and expected is not null)
    -- as_of_end is the first instant of the next day in any zone.
    or {{ days_between(as_of_date(), 'day_after_as_of_date') }} <> 1
