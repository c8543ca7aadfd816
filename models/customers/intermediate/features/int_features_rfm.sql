-- Grain: one row per customer of customer_rfm: scores and group as attributes.
{{ config(materialized='view') }}
select
    customer_id,
    r_score,
    f_score,
    m_score,
    cast(r_score + f_score + m_score as int) as rfm_score,
    cast(r_score * 100 + f_score * 10 + m_score as {{ dbt.type_string() }}) as rfm_cell,
    rfm_group

from {{ ref('customer_rfm') }}
