-- Grain: one row per refunded line of the web shop, or refund without a line, in the order's currency; with what the
-- refunds of its order paid for goods given in exchange.
{%- set latest = "(coalesce(returned_at, cast('1970-01-01' as timestamp)), return_id, line_number)" %}
-- Why a line came back, from returns handling: the latest statement.
with reasons as (

    select
        source_line_ref,
        max_by(reason_code, {{ latest }}) filter (where reason_code is not null) as reason_code,
        max_by(is_restocked, {{ latest }}) filter (where is_restocked is not null) as is_restocked,
        max(exchange_order_ref) as exchange_order_ref

    from {{ ref('stg_returns__return_lines') }}
    where refund_amount is null and source_line_ref is not null and returned_date <= {{ as_of_date() }}
    group by source_line_ref

),

unioned as (

    select
        concat_ws('', 'shopify:', line_refunds.source_line_refund_id) as return_id,
        refunds.source_order_id,
        concat_ws('', 'shopify:', line_refunds.source_line_id) as line_id,
        'line' as return_kind,
        line_refunds.quantity,
        line_refunds.subtotal
        - case when orders.taxes_included then coalesce(line_refunds.tax_amount, 0) else 0 end as refund_amount,
        coalesce(reasons.reason_code, 'unknown') as reason_code,
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
    left join reasons
        on line_refunds.source_line_id = reasons.source_line_ref

    union all

    -- Refunded shipping and corrections; the shop records refunds as negative amounts, and what it kept as positive.
    select
        concat_ws('', 'shopify:adjustment:', adjustments.source_adjustment_id),
        adjustments.source_order_id,
        null,
        case when adjustments.kind = 'shipping_refund' then 'shipping' else 'correction' end,
        0,
        -adjustments.amount,
        'unknown',
        false,
        coalesce(refunds.refunded_at, adjustments.known_at),
        -coalesce(adjustments.tax_amount, 0),
        null,
        false

    from {{ ref('stg_shopify__order_adjustments') }} as adjustments
    left join {{ ref('stg_shopify__refunds') }} as refunds
        on adjustments.source_refund_id = refunds.source_refund_id

),

measured as (

    select
        unioned.*,
        orders.total_price,
        payments.paid_amount,
        sum(unioned.refund_amount + unioned.refund_tax_amount) over (partition by unioned.source_order_id)
        - coalesce(payments.refunded_amount, 0) as credit,
        -- Of several returned lines, the dearest were exchanged.
        sum(case when unioned.return_kind = 'line' then unioned.refund_amount + unioned.refund_tax_amount else 0 end)
            over (
                partition by unioned.source_order_id
                order by
                    unioned.is_cancellation, unioned.refund_amount + unioned.refund_tax_amount desc, unioned.return_id
                rows between unbounded preceding and current row
            ) - unioned.refund_amount - unioned.refund_tax_amount as value_of_dearer_lines

    from unioned
    left join {{ ref('stg_shopify__orders') }} as orders
        on unioned.source_order_id = orders.source_order_id
    left join {{ ref('int_shopify_payment_sums') }} as payments
        on concat_ws('', 'shopify:', unioned.source_order_id) = payments.order_id

),

-- What came back without its money going back paid for goods given in exchange, where the order was short by exactly
-- that much.
credited as (

    select
        measured.*,
        case
            when credit > {{ rounding_tolerance() }}
                and paid_amount > 0
                and abs(total_price - paid_amount - credit) <= {{ rounding_tolerance() }}
                then cast(credit as decimal(18, 4))
            else 0
        end as exchange_credit_amount

    from measured

),

final as (

    select
        credited.*,
        case
            when return_kind = 'line' and not is_cancellation and value_of_dearer_lines < exchange_credit_amount
                then source_order_id
        end as own_exchange_ref

    from credited

)

select * from final
