-- Grain: one row per currency and period of validity, with the rate into the reporting currency;
-- valid_from <= day < valid_to.
with rates as (

    select
        from_currency,
        cast(valid_from as date) as valid_from,
        cast(rate as decimal(18, 8)) as rate

    from {{ ref('exchange_rates') }}
    where to_currency = '{{ reporting_currency() }}'

),

with_reporting_currency as (

    select
        from_currency,
        valid_from,
        rate

    from rates
    where from_currency <> '{{ reporting_currency() }}'

    union all

    select
        '{{ reporting_currency() }}' as from_currency,
        cast('1900-01-01' as date) as valid_from,
        cast(1 as decimal(18, 8)) as rate

),

ranges as (

    select
        from_currency as currency,
        valid_from,
        coalesce(
            lead(valid_from) over (partition by from_currency order by valid_from),
            cast('9999-01-01' as date)
        ) as valid_to,
        rate

    from with_reporting_currency

)

select * from ranges
