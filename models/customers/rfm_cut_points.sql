-- Grain: one row per metric and cut-point (1 to 4) that this run scores by: measured on the base, or fixed by a seed.
-- Measured ones are the quintiles of the base; for frequency, one order and the quartiles of repeat buyers. Most buyers
-- order once: several quintiles of all would fall on one order, so scores would stay unused and two orders score 5.
with base as (

    select
        recency_days,
        frequency,
        monetary,
        case when frequency > 1 then cast(frequency as double) end as repeat_frequency

    from {{ ref('int_rfm_base') }}

),

{% if var('rfm_method') == 'fixed' -%}
cut_points as (

    select
        metric,
        cut_number,
        cut_value

    from {{ ref('rfm_fixed_cut_points') }}

)
{%- else -%}
measured as (

    select
        {% for metric in ['recency_days', 'monetary'] %}
        {% for number in [1, 2, 3, 4] %}
        percentile_cont({{ number / 5 }}) within group (order by cast({{ metric }} as double))
            as {{ metric }}_{{ number }},
        {% endfor %}
        {% endfor %}
        1 as frequency_1,
        percentile_cont(0.25) within group (order by repeat_frequency) as frequency_2,
        percentile_cont(0.5) within group (order by repeat_frequency) as frequency_3,
        percentile_cont(0.75) within group (order by repeat_frequency) as frequency_4

    from base

),

cut_points as (

    {% for metric in ['recency_days', 'frequency', 'monetary'] %}
    {% set is_last_metric = loop.last %}
    {% for number in [1, 2, 3, 4] %}
    select
        '{{ metric }}' as metric,
        {{ number }} as cut_number,
        {{ metric }}_{{ number }} as cut_value

    from measured
    {{ 'union all' if not (is_last_metric and loop.last) }}
    {% endfor %}
    {% endfor %}

)
{%- endif %},

final as (

    select
        {{ as_of_date() }} as as_of_date,
        metric,
        cast(cut_number as int) as cut_number,
        cast(cut_value as double) as cut_value

    from cut_points
    -- No customers to score, no cut-points.
    where (select count(*) from base) > 0

)

select * from final
