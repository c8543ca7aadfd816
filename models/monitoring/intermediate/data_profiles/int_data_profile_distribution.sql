-- Grain: one row per distribution and bin: its share of the recent and of the reference period, and what it adds to the
-- population stability index.
with counted as (

    select
        measure,
        bin_number,
        bin_name,
        distribution_period,
        row_count

    from {{ ref('int_data_profile_binned_amounts') }}

    union all

    select
        measure,
        cast(null as int) as bin_number,
        bin_name,
        distribution_period,
        row_count

    from {{ ref('int_data_profile_mixes') }}

),

bins as (

    select
        measure,
        bin_number,
        bin_name,
        sum(case when distribution_period = 'recent' then row_count else 0 end) as recent_count,
        sum(case when distribution_period = 'reference' then row_count else 0 end) as reference_count

    from counted
    group by measure, bin_number, bin_name

),

totals as (

    select
        measure,
        count(*) as bin_count,
        sum(recent_count) as recent_total,
        sum(reference_count) as reference_total

    from bins
    group by measure

),

-- Half a row is added to every bin: an empty bin counts as rare, not impossible, and has a logarithm.
shares as (

    select
        bins.measure,
        bins.bin_number,
        bins.bin_name,
        bins.recent_count,
        bins.reference_count,
        cast(bins.recent_count + 0.5 as double) / (totals.recent_total + 0.5 * totals.bin_count) as recent_share,
        cast(bins.reference_count + 0.5 as double)
        / (totals.reference_total + 0.5 * totals.bin_count) as reference_share

    from bins
    inner join totals
        on bins.measure = totals.measure

),

final as (

    select
        measure,
        bin_number,
        bin_name,
        cast(recent_count as bigint) as recent_count,
        cast(reference_count as bigint) as reference_count,
        recent_share,
        reference_share,
        (recent_share - reference_share) * ln(recent_share / reference_share) as psi_part

    from shares

)

select * from final
