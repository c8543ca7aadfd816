-- Grain: one row per order: sums of its lines and its returns, in the reporting currency.
-- A view: read once, so there is nothing to gain from storing it.
{{ config(materialized='view') }}

with lines as (

    select
        order_id,
        count(*) as line_count,
        sum(case when line_type = 'product' then quantity else 0 end) as unit_count,
        sum(case when line_type <> 'gift_card' then gross_revenue else 0 end) as gross_revenue,
        sum(case when line_type <> 'gift_card' then discounts else 0 end) as discounts,
        sum(case when line_type = 'gift_card' then gross_revenue else 0 end) as gift_card_amount,
        sum(tax) as line_tax,
        sum(case when line_type in ('product', 'discount') then discounted_revenue else 0 end) as product_revenue,
        sum(case when line_type = 'product' and gross_revenue > 0 then 1 else 0 end) as priced_product_line_count

    from {{ ref('int_order_lines') }}
    group by order_id

),

returns as (

    select
        order_id,
        sum(returns_amount) as returns_amount,
        sum(case when return_kind = 'line' then returns_amount else 0 end) as goods_returned_amount,
        -- A correction against the customer: of the goods' price, a fee was kept.
        sum(case when return_kind = 'correction' and returns_amount < 0 then -returns_amount else 0 end)
            as kept_fee_amount,
        -- Goods that were exchanged are replaced, not given back.
        sum(case when is_exchange then 0 else returned_units end) as returned_unit_count,
        sum(case when is_exchange then returned_units else 0 end) as exchanged_unit_count

    from {{ ref('int_returns') }}
    -- A gift card was not a sale, so its refund reverses none.
    where order_id is not null and not coalesce(is_gift_card, false)
    group by order_id

),

totals as (

    select
        lines.order_id,
        lines.line_count,
        lines.unit_count,
        lines.gross_revenue,
        lines.discounts,
        lines.gift_card_amount,
        lines.line_tax,
        lines.product_revenue,
        lines.priced_product_line_count,
        coalesce(returns.returns_amount, 0) as returns_amount,
        coalesce(returns.goods_returned_amount, 0) as goods_returned_amount,
        coalesce(returns.kept_fee_amount, 0) as kept_fee_amount,
        coalesce(returns.returned_unit_count, 0) as returned_unit_count,
        coalesce(returns.exchanged_unit_count, 0) as exchanged_unit_count

    from lines
    left join returns
        on lines.order_id = returns.order_id

)

select * from totals
