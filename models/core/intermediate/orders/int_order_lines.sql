-- Grain: one row per order line; amounts without tax, in the reporting currency, to the cent.
with lines as (

    select * from {{ ref('int_order_lines_unioned') }}

),

orders as (

    select * from {{ ref('int_orders_unioned') }}

),

without_tax as (

    select
        lines.line_id,
        lines.order_id,
        lines.sku,
        lines.description,
        lines.line_type,
        lines.quantity,
        lines.is_promoted,
        orders.ordered_date,
        orders.exchange_rate,
        lines.tax_amount,
        -- Tax is charged on the discounted amount, so the listed price loses tax in the same proportion.
        -- All branches in one type: mixed with the wide type of the sources, the fraction would lose half its digits
        -- and be rounded twice.
        case
            when not orders.is_tax_included or lines.listed_amount = lines.discount_amount
                then cast(lines.listed_amount as decimal(28, 10))
            else
                cast(
                    cast(lines.listed_amount as double)
                    * (lines.listed_amount - lines.discount_amount - lines.tax_amount)
                    / (lines.listed_amount - lines.discount_amount)
                    as decimal(28, 10)
                )
        end as gross_amount,
        case
            when orders.is_tax_included then lines.listed_amount - lines.discount_amount - lines.tax_amount
            else lines.listed_amount - lines.discount_amount
        end as net_amount

    from lines
    inner join orders
        on lines.order_id = orders.order_id

),

converted as (

    select
        line_id,
        order_id,
        sku,
        description,
        line_type,
        quantity,
        is_promoted,
        ordered_date,
        {{ in_reporting_currency('gross_amount', 'exchange_rate') }} as gross_revenue,
        {{ in_reporting_currency('net_amount', 'exchange_rate') }} as discounted_revenue,
        {{ in_reporting_currency('tax_amount', 'exchange_rate') }} as tax

    from without_tax

),

with_discount as (

    select
        line_id,
        order_id,
        sku,
        description,
        line_type,
        quantity,
        is_promoted,
        ordered_date,
        gross_revenue,
        cast(gross_revenue - discounted_revenue as decimal(18, 2)) as discounts,
        discounted_revenue,
        tax

    from converted

)

select * from with_discount
