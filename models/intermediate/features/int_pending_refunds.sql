-- Grain: one row per web-shop order whose goods came back within 60 days without a refund in the shop so far.
with returned_goods as (

    select distinct
        concat('shopify:', source_order_id) as order_id,
        concat('shopify:', source_line_ref) as line_id

    from {{ ref('stg_returns__return_lines') }}
    where refund_amount is null
        and source_order_id is not null
        and {{ within_window('returned_date', 60) }}

),

refunded as (

    select distinct line_id
    from {{ ref('int_returns') }}
    where line_id is not null

),

pending as (

    select distinct returned_goods.order_id

    from returned_goods
    left join refunded
        on returned_goods.line_id = refunded.line_id
    where refunded.line_id is null

)

select * from pending
