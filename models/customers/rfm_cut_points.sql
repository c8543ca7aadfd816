-- Grain: one row per metric and cut-point (1 to 4) that this run scores by: fifths of the base, or fixed by a seed.
with base as (

    select * from {{ ref('int_rfm_base') }}

),

{% if var('rfm_method') == 'fixed' -%}
cut_points as (

    select
        metric,
        cut_number,
        cut_value

    from {{ ref('rfm_fixed_cut_points') }}
    -- Nobody to score, no cut-points.
    where (select count(*) from base) > 0

)
{%- else -%}
measured as (

    {% for metric in ['recency_days', 'frequency', 'monetary'] %}
    select
        '{{ metric }}' as metric,
        cast({{ metric }} as double) as metric_value

    from base
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

cut_points as (

    {% for number in [1, 2, 3, 4] %}
    select
        metric,
        {{ number }} as cut_number,
        percentile_cont({{ number / 5 }}) within group (order by metric_value) as cut_value

    from measured
    group by metric
    {{ 'union all' if not loop.last }}
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

)

select * from final
