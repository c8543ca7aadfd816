-- Grain: one row per web-shop order with a pending refund: goods returned or a refund created, and no money sent.
with returned_goods as (

    select distinct
        concat_ws('', 'shopify:', lines.source_order_id) as order_id,
        concat_ws('', 'shopify:', lines.source_line_ref) as line_id

    from {{ ref('stg_returns__return_lines') }} as lines
    cross join {{ ref('int_attribute_limits') }} as limits
    where lines.refund_amount is null
        and lines.source_order_id is not null
        and {{ within_window('lines.returned_date', 'limits.pending_refund_days') }}

),

refunded as (

    select distinct line_id
    from {{ ref('int_returns') }}
    where line_id is not null

),

without_refund as (

    select returned_goods.order_id

    from returned_goods
    left join refunded
        on returned_goods.line_id = refunded.line_id
    where refunded.line_id is null

),

not_sent as (

    select concat_ws('', 'shopify:', refunds.source_order_id) as order_id

    from {{ ref('stg_shopify__refunds') }} as refunds
    cross join {{ ref('int_attribute_limits') }} as limits
    where not refunds.is_processed
        and {{ within_window(business_date('refunds.refunded_at'), 'limits.pending_refund_days') }}

),

pending as (

    select order_id from without_refund
    union
    select order_id from not_sent

)

select * from pending
