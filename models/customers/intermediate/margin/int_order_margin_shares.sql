-- Grain: one row per line that carries a share of the amounts of its order as a whole: by value after discount, to the
-- cent, the remainder on the largest line. Where no line has a value, all weigh the same.
-- A view: read once, so storing it would gain nothing.
{{ config(materialized='view') }}
{%- set amounts = [
    'shipping_revenue', 'returns_amount', 'shipping_cost', 'payment_fees', 'marketplace_fees', 'return_handling_cost',
    'service_cost'
] %}
with orders as (

    select * from {{ ref('int_order_margin_amounts') }}
    where {{ amounts | join(' <> 0 or ') }} <> 0

),

lines as (

    select
        order_id,
        line_id,
        greatest(coalesce(discounted_revenue, 0), 0) as line_value

    from {{ ref('order_lines') }}
    where line_type <> 'gift_card'

),

order_values as (

    select
        order_id,
        count(*) as line_count,
        cast(sum(line_value) as decimal(18, 2)) as order_value

    from lines
    group by order_id

),

to_split as (

    select
        orders.*,
        lines.line_id,
        order_values.line_count,
        case when order_values.order_value > 0 then lines.line_value else 1 end as line_value

    from orders
    inner join order_values
        on orders.order_id = order_values.order_id
    inner join lines
        on orders.order_id = lines.order_id

),

-- Half the orders have one line, which takes everything; only the others need the arithmetic.
several_lines as (

    select * from to_split
    where line_count > 1

),

shares as (

    {{ exact_shares_of_each('several_lines', 'order_id', 'line_id', amounts, 'line_value') }}

),

unioned as (

    select
        line_id,
        {{ amounts | join(',\n        ') }}

    from to_split
    where line_count = 1

    union all

    select * from shares

)

select * from unioned
