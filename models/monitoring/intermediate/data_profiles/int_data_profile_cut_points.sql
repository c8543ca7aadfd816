-- Grain: one row per measured amount and distinct decile of its reference period.
with amounts as (

    select * from {{ ref('int_data_profile_amounts') }}
    where distribution_period = 'reference'

),

deciles as (

    {% for tenth in range(1, 10) %}
    select
        measure,
        percentile_cont(0.{{ tenth }}) within group (order by amount) as cut_value

    from amounts
    group by measure
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

-- Where many have one value, such as no discount, several deciles are one.
distinct_cuts as (

    select distinct
        measure,
        cut_value

    from deciles

),

numbered as (

    select
        measure,
        cast(row_number() over (partition by measure order by cut_value) as int) as cut_number,
        cut_value

    from distinct_cuts

)

select * from numbered
