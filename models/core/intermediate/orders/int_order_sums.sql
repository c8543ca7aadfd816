-- Grain: one row per order of any channel, in its own currency: its stated total, the sums of its parts and of its money.
with orders as (

    select * from {{ ref('int_shopify_orders') }}
    union all
    select * from {{ ref('int_pos_orders') }}
    union all
    select * from {{ ref('int_marketplace_orders') }}

),

lines as (

    select
        order_id,
        count(*) as line_count,
        sum(listed_amount) as listed_amount,
        sum(discount_amount) as discount_amount,
        sum(tax_amount) as line_tax_amount

    from {{ ref('int_order_lines_unioned') }}
    group by order_id

),

payments as (

    select
        order_id,
        paid_amount

    from {{ ref('int_shopify_payment_sums') }}

    union all

    select
        concat_ws('', 'pos:', source_order_id),
        sum(amount)

    from {{ ref('stg_pos__receipt_payments') }}
    group by source_order_id

),

credits as (

    select
        concat_ws('', 'shopify:', source_order_id) as order_id,
        max(exchange_credit_amount) as exchange_credit_amount

    from {{ ref('int_shopify_refunds') }}
    group by source_order_id

),

joined as (

    select
        concat_ws('', orders.source_system, ':', orders.source_order_id) as order_id,
        orders.*,
        coalesce(orders.is_paid, false) and not orders.is_cancelled and not orders.is_test as is_sale,
        coalesce(lines.line_count, 0) as line_count,
        coalesce(lines.listed_amount, 0) as listed_amount,
        coalesce(lines.discount_amount, 0) as discount_amount,
        coalesce(lines.line_tax_amount, 0) as line_tax_amount

    from orders
    left join lines
        on concat_ws('', orders.source_system, ':', orders.source_order_id) = lines.order_id

),

summed as (

    select
        joined.*,
        listed_amount - discount_amount + shipping_amount + other_charges_amount
        -- Where prices include tax it is in the lines and the shipping already.
        + case when is_tax_included then 0 else line_tax_amount + shipping_tax_amount end as computed_total

    from joined

),

final as (

    select
        summed.*,
        case when summed.line_count > 0 then summed.computed_total - summed.line_tax_amount - summed.shipping_tax_amount end
            as net_total,
        cast(coalesce(summed.stated_total, summed.computed_total) as decimal(18, 4)) as order_total,
        payments.paid_amount,
        coalesce(credits.exchange_credit_amount, 0) as exchange_credit_amount

    from summed
    left join payments
        on summed.order_id = payments.order_id
    left join credits
        on summed.order_id = credits.order_id

)

select * from final
