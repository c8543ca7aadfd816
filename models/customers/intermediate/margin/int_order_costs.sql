-- Grain: one row per order that counts: shipping, payment and marketplace costs, in the reporting currency.
-- A view: a few joins by order, so storing it would gain little.
{{ config(materialized='view') }}

with orders as (

    select
        order_id,
        channel,
        ordered_date,
        gross_revenue - discounts + shipping_revenue as paid_amount,
        gross_revenue - discounts + shipping_revenue + tax as paid_with_tax,
        stated_marketplace_fee

    from {{ ref('int_orders') }}
    where not_counted_reason is null

),

assumed as (

    select
        orders.*,
        shipping.fixed_amount + shipping.rate * orders.paid_amount as shipping_cost,
        -- The payment provider takes its share of all that is paid, tax included.
        payment_fee.fixed_amount + payment_fee.rate * orders.paid_with_tax as payment_fees,
        coalesce(
            orders.stated_marketplace_fee,
            marketplace_fee.fixed_amount + marketplace_fee.rate * orders.paid_amount,
            case when orders.channel <> 'marketplace' then 0 end
        ) as marketplace_fees

    from orders
    {% for cost_type in ['shipping', 'payment_fee', 'marketplace_fee'] %}
    left join {{ ref('int_cost_assumptions') }} as {{ cost_type }}
        on {{ cost_type }}.cost_type = '{{ cost_type }}'
            and orders.channel = {{ cost_type }}.applies_to
            and orders.ordered_date >= {{ cost_type }}.valid_from
            and orders.ordered_date < {{ cost_type }}.valid_to
    {% endfor %}

),

costs as (

    select
        order_id,
        channel,
        ordered_date,
        {{ to_cents('coalesce(shipping_cost, 0)') }} as shipping_cost,
        {{ to_cents('coalesce(payment_fees, 0)') }} as payment_fees,
        {{ to_cents('coalesce(marketplace_fees, 0)') }} as marketplace_fees,
        nullif(
            concat_ws(
                ', ',
                case when shipping_cost is null then 'shipping' end,
                case when payment_fees is null then 'payment_fee' end,
                case when marketplace_fees is null then 'marketplace_fee' end
            ),
            ''
        ) as missing_costs

    from assumed

)

select * from costs
