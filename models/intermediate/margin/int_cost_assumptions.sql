-- Grain: one row per kind of cost, what it applies to, and validity; valid_from <= day < valid_to.
with assumptions as (

    select * from {{ ref('cost_assumptions') }}

),

ranges as (

    select
        cost_type,
        applies_to,
        cast(valid_from as date) as valid_from,
        coalesce(
            lead(cast(valid_from as date)) over (
                partition by cost_type, applies_to
                order by cast(valid_from as date)
            ),
            cast('9999-01-01' as date)
        ) as valid_to,
        cast(fixed_amount as decimal(18, 4)) as fixed_amount,
        cast(rate as decimal(18, 6)) as rate

    from assumptions

)

select * from ranges
