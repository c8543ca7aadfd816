-- Grain: one row per row of int_data_profile_history, with how far the observed value lies from the expected one.
with history as (

    select * from {{ ref('int_data_profile_history') }}

),

-- The spread is that of the history, but at least what chance brings and a tenth of what is expected (for a share,
-- 0.01): after a very even history, a trivial difference must not raise an alarm.
spreads as (

    select
        *,
        greatest(
            1.4826 * median_deviation,
            {{ chance_spread('measure_kind', 'expected', 'nullif(row_count, 0)') }},
            case when measure_kind = 'share' then 0.01 else 0.1 * expected end
        ) as spread

    from history

),

final as (

    select
        profile_name,
        slice_name,
        measure,
        measure_kind,
        period,
        observed,
        expected,
        spread,
        round(observed / nullif(expected, 0), 6) as ratio,
        round((observed - expected) / nullif(spread, 0), 6) as deviation,
        -- The sample size of the check: for a count what was expected, else the observed rows.
        case
            when measure_kind = 'count' then cast(floor(coalesce(expected, 0)) as bigint)
            else row_count
        end as basis_rows,
        history_count,
        profile_date

    from spreads

)

select * from final
