-- Grain: one row per returned web-shop line: why, what replaced it, and whether the goods came back to stock.
with return_lines as (

    select * from {{ ref('stg_returns__return_lines') }}
    where refund_amount is null and source_line_ref is not null

),

latest as (

    select
        source_line_ref,
        max_by(reason_code, returned_at) as reason_code,
        max_by(is_restocked, returned_at) as is_restocked,
        max(exchange_order_ref) as exchange_order_ref

    from return_lines
    group by source_line_ref

)

select * from latest
