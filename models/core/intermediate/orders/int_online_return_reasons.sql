-- Grain: one row per returned web-shop line: why, what replaced it, and whether the goods came back to stock.
-- A view: read once, so there is nothing to gain from storing it.
{{ config(materialized='view') }}

with return_lines as (

    select * from {{ ref('stg_returns__return_lines') }}
    where refund_amount is null and source_line_ref is not null and returned_date <= {{ as_of_date() }}

),

-- Of two lines booked at the same instant the one with the higher number counts.
ranked as (

    select
        *,
        row_number() over (
            partition by source_line_ref order by returned_at desc, return_id desc, line_number desc
        ) as recency_rank

    from return_lines

),

latest as (

    select
        source_line_ref,
        max(case when recency_rank = 1 then reason_code end) as reason_code,
        bool_or(recency_rank = 1 and is_restocked) as is_restocked,
        max(exchange_order_ref) as exchange_order_ref

    from ranked
    group by source_line_ref

)

select * from latest
