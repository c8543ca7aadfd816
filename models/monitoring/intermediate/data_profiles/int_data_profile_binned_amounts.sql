-- Grain: one row per measured amount, bin and period with an order in it. A bin is named by the cut-points around it.
with amounts as (

    select * from {{ ref('int_data_profile_amounts') }}

),

-- Where many orders have the same value, such as no discount, several deciles coincide.
deciles as (

    {% for tenth in range(1, 10) %}
    select
        measure,
        percentile_cont(0.{{ tenth }}) within group (order by amount) as cut_value
    from amounts
    where distribution_period = 'reference'
    group by measure
    {{ 'union' if not loop.last }}
    {% endfor %}

),

cut_points as (

    select
        measure,
        cut_value,
        row_number() over (partition by measure order by cut_value nulls last) as cut_number

    from deciles

),

-- Counted per value first, so that the join below sees each value once, not each order.
counted as (

    select
        measure,
        distribution_period,
        amount,
        count(*) as row_count

    from amounts
    group by measure, distribution_period, amount

),

-- Like a score: the number of cut-points below the value, so equal values share a bin. No reference, one bin.
placed as (

    select
        counted.measure,
        counted.distribution_period,
        counted.amount,
        max(counted.row_count) as row_count,
        count(cut_points.cut_number) as bin_number,
        max(cut_points.cut_value) as lower_limit

    from counted
    left join cut_points
        on counted.measure = cut_points.measure
            and counted.amount > cut_points.cut_value
    group by counted.measure, counted.distribution_period, counted.amount

),

named as (

    select
        placed.measure,
        placed.distribution_period,
        cast(placed.bin_number as int) as bin_number,
        -- Below the first cut-point there is no lower limit, above the last no upper one.
        concat_ws(
            '', coalesce('above ' || {{ two_decimals('placed.lower_limit') }}, 'lowest'),
            coalesce(' up to ' || {{ two_decimals('upper_cuts.cut_value') }}, '')
        ) as bin_name,
        placed.row_count

    from placed
    left join cut_points as upper_cuts
        on placed.measure = upper_cuts.measure
            and placed.bin_number + 1 = upper_cuts.cut_number

),

final as (

    select
        measure,
        distribution_period,
        bin_number,
        bin_name,
        sum(row_count) as row_count

    from named
    group by measure, distribution_period, bin_number, bin_name

)

select * from final
