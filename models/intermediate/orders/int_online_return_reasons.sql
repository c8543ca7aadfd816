-- Grain: one row per returned line of a web-shop order: why, and whether the goods came back to stock.
with return_lines as (

    select * from {{ ref('stg_returns__return_lines') }}
    where refund_amount is null and source_line_ref is not null

),

latest as (

    select
        source_line_ref,
        max_by(reason_code, returned_at) as reason_code,
        max_by(is_restocked, returned_at) as is_restocked

    from return_lines
    group by source_line_ref

)

select * from latest
