-- Each of the 25 cells of recency and frequency has exactly one name.
with cells as (

    select
        r_score,
        f_score,
        count(*) as name_count

    from {{ ref('rfm_groups') }}
    where r_score between 1 and 5 and f_score between 1 and 5
    group by r_score, f_score

)

select
    count(*) as cell_count,
    max(name_count) as most_names

from cells
having count(*) <> 25 or max(name_count) <> 1
