-- Grain: one row per kind of cost, what it applies to, and validity; valid_from <= day < valid_to.
{% do stop_on_seed_violations(['cost_assumptions']) %}
with assumptions as (

    select
        {{ cost_word('cost_type') }} as cost_type,
        {{ cost_word('applies_to') }} as applies_to,
        try_cast(trim(valid_from) as date) as valid_from,
        -- One of the two may be left empty.
        coalesce(try_cast(trim(fixed_amount) as decimal(18, 4)), 0) as fixed_amount,
        coalesce(try_cast(trim(rate) as decimal(18, 6)), 0) as rate

    from {{ ref('cost_assumptions') }}

),

ranges as (

    select
        cost_type,
        applies_to,
        valid_from,
        coalesce(
            lead(valid_from) over (partition by cost_type, applies_to order by valid_from nulls last),
            cast('9999-01-01' as date)
        ) as valid_to,
        fixed_amount,
        rate

    from assumptions

)

select * from ranges
