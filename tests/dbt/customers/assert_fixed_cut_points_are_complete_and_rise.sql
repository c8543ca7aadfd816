-- Each metric of the seed rfm_fixed_cut_points has four cut-points, and they rise.
with points as (

    select
        metric,
        cut_value,
        cut_value <= lag(cut_value) over (partition by metric order by cut_number) as falls

    from {{ ref('rfm_fixed_cut_points') }}

)

select
    metric,
    count(*) as cut_point_count,
    sum(case when falls then 1 else 0 end) as not_rising_count,
    'give each metric four rising cut-points' as cure

from points
group by metric
having count(*) <> 4 or sum(case when falls then 1 else 0 end) > 0
