-- Grain: one row per profile, slice, measure, period and one of the last 28 business days: the period that ends on
-- that day, compared with the same measure's earlier periods that ended on the same weekday.
with windows as (

    select * from {{ ref('int_data_profile_windows') }}

),

recent as (

    select * from windows
    where {{ within_window('profile_date', 28) }}

),

-- Days and weeks are compared with the twelve weeks before, months (28 days) with the six before; none overlap.
paired as (

    select
        recent.profile_name,
        recent.slice_name,
        recent.measure,
        recent.period,
        recent.profile_date,
        earlier.value as earlier_value

    from recent
    inner join windows as earlier
        on recent.profile_name = earlier.profile_name
            and recent.slice_name = earlier.slice_name
            and recent.measure = earlier.measure
            and recent.period = earlier.period
    where earlier.value is not null
        and earlier.profile_date < recent.profile_date
        and earlier.profile_date
        >= {{ days_before('recent.profile_date', "case recent.period when 'month' then 168 else 84 end") }}
        and mod(
            {{ days_between('earlier.profile_date', 'recent.profile_date') }},
            case recent.period when 'month' then 28 else 7 end
        ) = 0

),

medians as (

    select
        profile_name,
        slice_name,
        measure,
        period,
        profile_date,
        count(*) as history_count,
        median(earlier_value) as expected

    from paired
    group by profile_name, slice_name, measure, period, profile_date

),

deviations as (

    select
        paired.profile_name,
        paired.slice_name,
        paired.measure,
        paired.period,
        paired.profile_date,
        max(medians.history_count) as history_count,
        max(medians.expected) as expected,
        median(abs(paired.earlier_value - medians.expected)) as median_deviation

    from paired
    inner join medians
        on paired.profile_name = medians.profile_name
            and paired.slice_name = medians.slice_name
            and paired.measure = medians.measure
            and paired.period = medians.period
            and paired.profile_date = medians.profile_date
    group by paired.profile_name, paired.slice_name, paired.measure, paired.period, paired.profile_date

),

joined as (

    select
        recent.profile_name,
        recent.slice_name,
        recent.measure,
        recent.measure_kind,
        recent.period,
        recent.value as observed,
        deviations.expected,
        deviations.median_deviation,
        recent.row_count,
        coalesce(deviations.history_count, 0) as history_count,
        recent.profile_date

    from recent
    left join deviations
        on recent.profile_name = deviations.profile_name
            and recent.slice_name = deviations.slice_name
            and recent.measure = deviations.measure
            and recent.period = deviations.period
            and recent.profile_date = deviations.profile_date

)

select * from joined
