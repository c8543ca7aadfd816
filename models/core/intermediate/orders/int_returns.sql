-- Grain: one row per refunded or returned line, up to as_of_date, in the reporting currency without tax.
-- Refunds that fail a blocking arithmetic rule, and all refunds of an order held back.
with held as (

    select
        return_id,
        order_id

    from {{ ref('int_order_violations') }}
    where is_blocking

),

returns as (

    select
        unioned.*,
        {{ business_date('unioned.returned_at') }} as returned_date

    from {{ ref('int_returns_unioned') }} as unioned
    left join held
        on unioned.order_id = held.order_id
            and (held.return_id is null or unioned.return_id = held.return_id)
    where held.order_id is null

),

orders as (

    select
        order_id,
        exchange_rate

    from {{ ref('int_orders_unioned') }}

),

lines as (

    select * from {{ ref('int_order_lines') }}

),

converted as (

    select
        returns.return_id,
        returns.unlinked_profile_key,
        orders.order_id,
        lines.line_id,
        coalesce(returns.sku, lines.sku) as sku,
        returns.return_kind,
        coalesce(returns.quantity, 0) as returned_units,
        -- A refund is converted at the order's rate where the order is known.
        {{ in_reporting_currency('returns.refund_amount', 'coalesce(orders.exchange_rate, rates.rate)') }}
            as returns_amount,
        coalesce(returns.reason_code, 'unknown') as reason_code,
        returns.is_restocked,
        returns.returned_at,
        returns.returned_date,
        returns.exchange_order_ref,
        returns.exchange_order_ref is not null as is_exchange,
        returns.currency,
        returns.refund_amount + returns.refund_tax_amount as refund_with_tax,
        {{ in_reporting_currency('returns.refund_tax_amount', 'coalesce(orders.exchange_rate, rates.rate)') }}
            as returns_tax,
        coalesce(lines.line_type = 'gift_card', false) as is_gift_card,
        -- Goods came back and had to be processed.
        returns.return_kind = 'line'
        and not returns.is_cancellation
        and coalesce(lines.line_type, 'product') <> 'gift_card' as is_handled

    from returns
    left join orders
        on returns.order_id = orders.order_id
    left join lines
        on returns.line_id = lines.line_id
            -- A return that names a line of another order does not belong to that line.
            and returns.order_id = lines.order_id
    left join {{ ref('int_exchange_rates') }} as rates
        on returns.currency = rates.currency
            and returns.returned_date >= rates.valid_from
            and returns.returned_date < rates.valid_to
    where returns.returned_date <= {{ as_of_date() }}

)

select * from converted
