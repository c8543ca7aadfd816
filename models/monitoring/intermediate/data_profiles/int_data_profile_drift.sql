-- Grain: one row per distribution: its population stability index, recent period against reference period.
with bins as (

    select * from {{ ref('int_data_profile_distribution') }}

),

summed as (

    select
        measure,
        count(*) as bin_count,
        sum(recent_count) as recent_rows,
        sum(reference_count) as reference_rows,
        -- Decimal parts, so that their sum does not depend on the order of summation.
        sum(cast(psi_part as decimal(18, 9))) as psi

    from bins
    group by measure

),

-- Where nothing changed, the index is about chi-square with bins - 1 degrees of freedom, times the sum of both
-- periods' reciprocal rows. Its mean plus four standard deviations is the largest value to
-- expect by chance.
with_chance as (

    select
        *,
        case
            when recent_rows > 0 and reference_rows > 0
                then (bin_count - 1 + 4 * sqrt(2.0 * (bin_count - 1)))
                    * (1.0 / cast(recent_rows as double) + 1.0 / cast(reference_rows as double))
        end as psi_by_chance

    from summed

),

final as (

    select
        'distributions' as profile_name,
        'all' as slice_name,
        measure,
        'month' as period,
        cast(psi as double) as psi,
        round(psi_by_chance, 6) as psi_by_chance,
        case
            when psi_by_chance is not null
                then round(greatest(cast(psi as double) - psi_by_chance, 0.0), 6)
        end as psi_beyond_chance,
        cast(bin_count as bigint) as bin_count,
        cast(recent_rows as bigint) as basis_rows,
        cast(reference_rows as bigint) as history_count,
        {{ as_of_date() }} as profile_date

    from with_chance

)

select * from final
