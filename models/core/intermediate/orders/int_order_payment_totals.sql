-- Grain: one row per order with a money movement: sums paid, refunded and authorised, and the method of payment.
with movements as (

    select
        payments.*,
        charges.order_total

    from {{ ref('int_order_payments') }} as payments
    inner join {{ ref('int_order_sums') }} as charges
        on payments.order_id = charges.order_id
    where payments.left_out_reason is null

),

running as (

    select
        movements.*,
        sum(order_currency_amount) over (
            partition by order_id
            order by paid_at nulls last, payment_id
            rows between unbounded preceding and current row
        ) as paid_so_far

    from movements
    where kind = 'payment' and not is_pending

),

methods as (

    select
        order_id,
        method,
        -- The method with the largest amount paid; among equals not the gift card, then by name.
        row_number() over (
            partition by order_id
            order by
                sum(order_currency_amount) desc, case when method = 'gift_card' then 1 else 0 end, method nulls last
        ) as method_rank

    from running
    group by order_id, method

),

full_payments as (

    select
        order_id,
        min(case when paid_so_far >= order_total - {{ half_a_cent() }} then paid_at end) as paid_in_full_at,
        max(paid_at) as last_paid_at

    from running
    group by order_id

),

totals as (

    select
        order_id,
        {% set settled = 'not is_pending and kind' %}
        {% for name, condition in [
            ('paid', settled ~ " = 'payment'"), ('refunded', settled ~ " = 'refund'"),
            ('refund_pending', "is_pending and kind = 'refund'"),
            ('gift_card_paid', settled ~ " = 'payment' and is_gift_card"), ('authorised', "kind = 'authorisation'")
        ] %}
        coalesce(sum(case when {{ condition }} then order_currency_amount end), 0) as order_currency_{{ name }},
        sum(case when {{ condition }} then amount else 0 end) as amount_{{ name }},
        {% endfor %}
        min(case when kind = 'refund' and not is_pending then paid_at end) as first_refunded_at,
        sum(case when kind = 'payment' and not is_pending then 1 else 0 end) as payment_count,
        count(distinct case when kind = 'payment' and not is_pending then coalesce(method, 'unknown') end)
            as payment_method_count

    from movements
    group by order_id

),

joined as (

    select
        totals.*,
        methods.method as payment_method,
        full_payments.paid_in_full_at,
        full_payments.last_paid_at

    from totals
    left join methods
        on totals.order_id = methods.order_id
            and methods.method_rank = 1
    left join full_payments
        on totals.order_id = full_payments.order_id

)

select * from joined
