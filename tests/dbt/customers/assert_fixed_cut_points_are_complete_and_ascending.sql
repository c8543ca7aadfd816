-- Each metric of the seed rfm_fixed_cut_points has cut-points 1 to 4, each once and with a value, in ascending order.
with points as (

    select
        metric,
        cut_number,
        cut_value,
        cut_value <= lag(cut_value) over (partition by metric order by cut_number nulls last) as is_not_ascending

    from {{ ref('rfm_fixed_cut_points') }}

)

select
    metric,
    count(*) as cut_point_count,
    sum(case when is_not_ascending then 1 else 0 end) as not_ascending_count,
    'give each of recency_days, frequency and monetary four ascending cut-points' as suggestion

from points
group by metric
having
    coalesce(metric, '') not in ('recency_days', 'frequency', 'monetary')
    or count(*) <> 4
    or count(distinct case when cut_number between 1 and 4 then cut_number end) <> 4
    or count(cut_value) <> 4
    or sum(case when is_not_ascending then 1 else 0 end) > 0
