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
        shop_rates.payment_rate,
        case
            when movements.left_out_reason is not null then movements.left_out_reason
            when orders.order_id is null then 'order not known'
            when orders.is_test then 'test'
            when movements.paid_at >= {{ as_of_end() }} then 'after as_of_date'
        end as left_out_reason

    from movements
    left join orders
        on movements.order_id = orders.order_id
    -- What a customer paid in another currency than the shop's has a rate of its own.
    left join {{ ref('int_shopify_payment_sums') }} as shop_rates
        on movements.order_id = shop_rates.order_id
            and movements.currency = shop_rates.payment_currency

),

-- So that the parts of a payment add up to the whole, each is the growth of the rounded sum.
paid_in_parts as (

    select
        payment_id,
        {% set sum_so_far %}
        sum(movement_amount) over (
            partition by order_id, kind, left_out_reason, is_pending order by paid_at nulls last, payment_id
            rows between unbounded preceding and current row
        )
        {% endset %}
        {{ to_cents('cast(' ~ sum_so_far ~ ' as double) * payment_rate') }}
        - {{ to_cents('cast(' ~ sum_so_far ~ ' - movement_amount as double) * payment_rate') }} as order_currency_amount

    from with_orders
    where payment_rate is not null

),

-- Every other movement is converted at the rates of the order's day.
rated as (

    select
        with_orders.*,
        paid_in_parts.order_currency_amount as part_amount,
        case when with_orders.currency = with_orders.order_currency then with_orders.order_rate else rates.rate end
            as rate

    from with_orders
    left join paid_in_parts
        on with_orders.payment_id = paid_in_parts.payment_id
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
            when part_amount is not null then cast(part_amount as decimal(18, 4))
            when currency = order_currency then cast(movement_amount as decimal(18, 4))
            else {{ to_cents('cast(movement_amount as double) * rate / order_rate') }}
        end as order_currency_amount,
        case
            when part_amount is not null then {{ in_reporting_currency('part_amount', 'order_rate') }}
            else {{ in_reporting_currency('movement_amount', 'rate') }}
        end as amount,
        paid_at,
        {{ business_date('paid_at') }} as paid_date,
        is_pending,
        is_gift_card,
        left_out_reason

    from rated

)

select * from converted
