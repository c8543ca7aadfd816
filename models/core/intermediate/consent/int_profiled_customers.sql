-- Grain: one row per customer who may be scored and segmented: everyone who does not object to profiling.
-- The one place where an objection takes effect: every model that scores, segments or explains people starts from
-- here. The books (orders, customers, customer_margin, totals) do not.
{{ config(materialized='view') }}

with spine as (

    select * from {{ ref('int_customer_spine') }}

),

objections as (

    select distinct customer_id from {{ ref('int_consent_stated_periods') }}
    where
        purpose = 'profiling'
        and kind = 'opted_out'
        and valid_to is null

),

profiled as (

    select spine.customer_id

    from spine
    left join objections
        on spine.customer_id = objections.customer_id
    where objections.customer_id is null

)

select * from profiled
