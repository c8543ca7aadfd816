-- Grain: one row per SKU and validity, unit cost in the reporting currency; valid_from <= day < valid_to.
with catalogue as (

    select * from {{ ref('stg_products__products') }}
    where valid_from <= {{ as_of_date() }}

),

ranges as (

    select
        catalogue.sku,
        catalogue.valid_from,
        coalesce(
            lead(catalogue.valid_from) over (partition by catalogue.sku order by catalogue.valid_from),
            cast('9999-01-01' as date)
        ) as valid_to,
        cast(cast(catalogue.unit_cost as decimal(28, 10)) * rates.rate as decimal(18, 6)) as unit_cost

    from catalogue
    left join {{ ref('int_exchange_rates') }} as rates
        on catalogue.currency = rates.currency
            and catalogue.valid_from >= rates.valid_from
            and catalogue.valid_from < rates.valid_to

)

select * from ranges
