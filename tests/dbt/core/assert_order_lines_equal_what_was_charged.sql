-- What a source charges for an order's lines equals their revenue and tax in the marts, each rounded to a cent once.
{{ config(group='core') }}
with charged as (

    select
        charges.order_id,
        charges.listed_amount - charges.discount_amount
        + case when charges.is_tax_included then 0 else charges.line_tax_amount end as amount,
        orders.exchange_rate,
        charges.line_count

    from {{ ref('int_order_sums') }} as charges
    inner join {{ ref('int_orders') }} as orders
        on charges.order_id = orders.order_id

),

lines as (

    select
        order_id,
        count(*) as line_count,
        sum(discounted_revenue + tax) as amount

    from {{ ref('order_lines') }}
    group by order_id

)

select
    charged.order_id,
    charged.amount as charged_amount,
    charged.exchange_rate,
    lines.amount as line_amount

from charged
left join lines
    on charged.order_id = lines.order_id
where charged.line_count <> coalesce(lines.line_count, 0)
    or (
        charged.exchange_rate is not null
        and abs(charged.amount * charged.exchange_rate - coalesce(lines.amount, 0)) > 0.0101 * charged.line_count
    )
