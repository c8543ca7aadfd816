-- Grain: one row per refunded or returned line, or refund without a line, in the currency it was paid in.
{{ config(materialized='view') }}

with shop_refunds as (

    select
        concat_ws('', 'shopify:', line_refunds.source_line_refund_id) as return_id,
        cast(null as {{ dbt.type_string() }}) as unlinked_return_id,
        concat_ws('', 'shopify:', refunds.source_order_id) as order_id,
        concat_ws('', 'shopify:', line_refunds.source_line_id) as line_id,
        cast(null as {{ dbt.type_string() }}) as sku,
        cast(null as {{ dbt.type_string() }}) as currency,
        'line' as return_kind,
        line_refunds.quantity,
        line_refunds.subtotal
        - case when orders.taxes_included then coalesce(line_refunds.tax_amount, 0) else 0 end as refund_amount,
        reasons.reason_code,
        coalesce(reasons.is_restocked, line_refunds.is_restocked) as is_restocked,
        refunds.refunded_at as returned_at,
        coalesce(line_refunds.tax_amount, 0) as refund_tax_amount,
        reasons.exchange_order_ref,
        -- Cancelled before dispatch: money goes back, goods never came back.
        coalesce(line_refunds.restock_type = 'cancel', false) as is_cancellation

    from {{ ref('stg_shopify__order_line_refunds') }} as line_refunds
    inner join {{ ref('stg_shopify__refunds') }} as refunds
        on line_refunds.source_refund_id = refunds.source_refund_id
    left join {{ ref('stg_shopify__orders') }} as orders
        on refunds.source_order_id = orders.source_order_id
    left join {{ ref('int_online_return_reasons') }} as reasons
        on line_refunds.source_line_id = reasons.source_line_ref

),

-- Refunded shipping and corrections; the shop records refunds as negative amounts.
shop_adjustments as (

    select
        concat_ws('', 'shopify:adjustment:', adjustments.source_adjustment_id) as return_id,
        cast(null as {{ dbt.type_string() }}) as unlinked_return_id,
        concat_ws('', 'shopify:', adjustments.source_order_id) as order_id,
        cast(null as {{ dbt.type_string() }}) as line_id,
        cast(null as {{ dbt.type_string() }}) as sku,
        cast(null as {{ dbt.type_string() }}) as currency,
        case when adjustments.kind = 'shipping_refund' then 'shipping' else 'correction' end as return_kind,
        cast(0 as bigint) as quantity,
        -adjustments.amount as refund_amount,
        'unknown' as reason_code,
        false as is_restocked,
        coalesce(refunds.refunded_at, adjustments.known_at) as returned_at,
        -coalesce(adjustments.tax_amount, 0) as refund_tax_amount,
        cast(null as {{ dbt.type_string() }}) as exchange_order_ref,
        false as is_cancellation

    from {{ ref('stg_shopify__order_adjustments') }} as adjustments
    left join {{ ref('stg_shopify__refunds') }} as refunds
        on adjustments.source_refund_id = refunds.source_refund_id

),

-- Money of a web-shop return comes from the shop's own refund; goods exchanged without money have none.
return_lines as (

    select
        returned.*,
        case
            when returned.channel = 'marketplace' then 'marketplace'
            when returned.channel = 'online' and returned.refund_amount is null then 'shopify'
            else 'pos'
        end as source_system

    from {{ ref('stg_returns__return_lines') }} as returned
    left join {{ ref('stg_shopify__order_line_refunds') }} as line_refunds
        on returned.source_line_ref = line_refunds.source_line_id
            and returned.channel = 'online'
            and returned.refund_amount is null
    where returned.refund_amount is not null
        or (returned.exchange_order_ref is not null and line_refunds.source_line_id is null)

),

other_returns as (

    select
        concat_ws('', 'returns:', return_id, ':', cast(line_number as {{ dbt.type_string() }})) as return_id,
        case when source_order_id is null then return_id end as unlinked_return_id,
        case when source_order_id is not null then concat_ws('', source_system, ':', source_order_id) end as order_id,
        case
            when source_line_ref is null then null
            when source_system = 'pos' then concat_ws('', 'pos:', source_order_id, ':', source_line_ref)
            else concat_ws('', source_system, ':', source_line_ref)
        end as line_id,
        sku,
        currency,
        'line' as return_kind,
        quantity,
        coalesce(refund_amount, 0) as refund_amount,
        reason_code,
        coalesce(is_restocked, false) as is_restocked,
        returned_at,
        coalesce(refund_tax_amount, 0) as refund_tax_amount,
        exchange_order_ref,
        false as is_cancellation

    from return_lines

),

unioned as (

    select * from shop_refunds
    union all
    select * from shop_adjustments
    union all
    select * from other_returns

)

select * from unioned
