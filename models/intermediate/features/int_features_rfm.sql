-- Grain: one row per customer of customer_rfm: scores and group as attributes.
{{ config(materialized='view') }}
select
    customer_id,
    r_score,
    f_score,
    m_score,
    rfm_group

from {{ ref('customer_rfm') }}
