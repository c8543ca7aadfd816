-- Grain: one row per segment and judged day: what was expected of its size, of who enters and of who leaves, between
-- which limits, and the measure that is furthest off.
{%- set limit = var('anomaly_score') %}
with unusual_days as (

    select * from {{ ref('int_segment_unusual_days') }}

),

growth as (

    select * from {{ ref('segment_growth') }}

),

bands as (

    select
        {%- for name, distance in [('expected', '0'), ('lowest', '-' ~ limit), ('highest', limit)] %}
        greatest(
            growth.previous_customer_count + unusual_days.size_flow + {{ distance }} * unusual_days.size_scatter, 0
        ) as {{ name }}_size,
        {%- for side in ['entered', 'left'] %}
        -- The root undone.
        greatest(
            power(
                greatest(unusual_days.{{ side }}_flow + {{ distance }} * unusual_days.{{ side }}_scatter, 0) / 2, 2
            ) - 0.375, 0
        ) as {{ name }}_{{ side }},
        {%- endfor %}
        {%- endfor %}
        unusual_days.as_of_date,
        unusual_days.segment_key,
        unusual_days.unusual_measure,
        unusual_days.score,
        abs(unusual_days.score) >= {{ limit }} as is_unusual

    from unusual_days
    inner join growth
        on
            unusual_days.as_of_date = growth.as_of_date
            and unusual_days.segment_key = growth.segment_key

)

select * from bands
