-- Customers with the same measured values have the same scores.
select
    recency_days,
    frequency,
    monetary,
    count(distinct r_score * 100 + f_score * 10 + m_score) as score_count

from {{ ref('customer_rfm') }}
group by recency_days, frequency, monetary
having count(distinct r_score * 100 + f_score * 10 + m_score) > 1
