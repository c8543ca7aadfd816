-- Grain: one row per money movement, in the order's and in the reporting currency, including those without an order.
with movements as (

    select * from {{ ref('int_payments_unioned') }}

),

orders as (

    select
        order_id,
        currency,
        exchange_rate,
        ordered_date,
        is_test

    from {{ ref('int_orders_unioned') }}

),

with_orders as (

    select
        movements.payment_id,
        movements.order_id,
        movements.source_system,
        movements.kind,
        movements.method,
        coalesce(movements.currency, orders.currency) as currency,
        orders.currency as order_currency,
        movements.amount as movement_amount,
        movements.paid_at,
        movements.is_pending,
        coalesce(movements.method = 'gift_card', false) as is_gift_card,
        orders.ordered_date,
        orders.exchange_rate as order_rate,
        case
            when movements.left_out_reason is not null then movements.left_out_reason
            when orders.order_id is null then 'order not known'
            when orders.is_test then 'test'
            when movements.paid_at >= {{ as_of_end() }} then 'after as_of_date'
        end as left_out_reason

    from movements
    left join orders
        on movements.order_id = orders.order_id

),

-- Every movement is converted at the rates of the order's day.
rated as (

    select
        with_orders.*,
        case when with_orders.currency = with_orders.order_currency then with_orders.order_rate else rates.rate end
            as rate

    from with_orders
    left join {{ ref('int_exchange_rates') }} as rates
        on with_orders.currency = rates.currency
            and with_orders.ordered_date >= rates.valid_from
            and with_orders.ordered_date < rates.valid_to

),

converted as (

    select
        payment_id,
        order_id,
        source_system,
        kind,
        method,
        currency,
        order_currency,
        movement_amount,
        case
            when currency = order_currency then cast(movement_amount as decimal(18, 4))
            else {{ to_cents('cast(movement_amount as double) * rate / order_rate') }}
        end as order_currency_amount,
        {{ in_reporting_currency('movement_amount', 'rate') }} as amount,
        paid_at,
        {{ business_date('paid_at') }} as paid_date,
        is_pending,
        is_gift_card,
        left_out_reason

    from rated

)

select * from converted
