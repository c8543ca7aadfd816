-- Grain: one row per Shopify order with a payment or refund: the sums of both in the order's currency, and the rate of
-- what was paid in the customer's.
with orders as (

    select
        *,
        {{ business_date('ordered_at') }} as ordered_date

    from {{ ref('stg_shopify__orders') }}

),

movements as (

    select
        transactions.source_order_id,
        case when transactions.currency <> orders.currency then transactions.currency end as foreign_currency,
        case
            when transactions.status = 'success' and transactions.kind in ('sale', 'capture') then transactions.amount
            -- Change given at a till of the shop.
            when transactions.status = 'success' and transactions.kind = 'change' then -transactions.amount
        end as paid,
        case
            when transactions.status in ('success', 'pending') and transactions.kind = 'refund' then transactions.amount
        end as refunded

    from {{ ref('stg_shopify__transactions') }} as transactions
    left join orders
        on transactions.source_order_id = orders.source_order_id
    where not transactions.is_test

),

sums as (

    select
        source_order_id,
        {% for name in ['paid', 'refunded'] %}
        sum(case when foreign_currency is null then {{ name }} end) as {{ name }},
        sum(case when foreign_currency is not null then {{ name }} end) as foreign_{{ name }},
        {% endfor %}
        case when count(distinct foreign_currency) = 1 then max(foreign_currency) end as payment_currency

    from movements
    group by source_order_id

),

compared as (

    select
        sums.*,
        case
            when orders.customer_currency = sums.payment_currency
                then cast(orders.total_price as double) / nullif(orders.customer_total, 0)
        end as stated_rate,
        -- What a paid order was paid with is worth its total.
        case
            when sums.payment_currency is not null
                and orders.financial_status in ('paid', 'partially_refunded', 'refunded')
                then cast(orders.total_price - coalesce(sums.paid, 0) as double) / nullif(sums.foreign_paid, 0)
        end as implied_rate,
        cast(foreign_rates.rate as double) / order_rates.rate as seed_rate

    from sums
    left join orders
        on sums.source_order_id = orders.source_order_id
    {% for alias, currency in [('foreign_rates', 'sums.payment_currency'), ('order_rates', 'orders.currency')] %}
    left join {{ ref('int_exchange_rates') }} as {{ alias }}
        on {{ currency }} = {{ alias }}.currency
            and orders.ordered_date >= {{ alias }}.valid_from
            and orders.ordered_date < {{ alias }}.valid_to
    {% endfor %}

),

rated as (

    select
        compared.*,
        case
            when stated_rate is not null then stated_rate
            -- Far from the rate of the seed, a payment is missing or was delivered twice.
            when abs(implied_rate / seed_rate - 1) > 0.1 then seed_rate
            else coalesce(implied_rate, seed_rate)
        end as payment_rate

    from compared

),

final as (

    select
        concat_ws('', 'shopify:', source_order_id) as order_id,
        payment_currency,
        payment_rate,
        {% for name in ['paid', 'refunded'] %}
        case
            when foreign_{{ name }} is null then cast({{ name }} as decimal(18, 4))
            else
                cast(
                    coalesce({{ name }}, 0) + {{ to_cents('cast(foreign_' ~ name ~ ' as double) * payment_rate') }}
                    as decimal(18, 4)
                )
        end as {{ name }}_amount{{ ',' if not loop.last }}
        {% endfor %}

    from rated

)

select * from final
