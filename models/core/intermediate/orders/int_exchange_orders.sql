-- Grain: one row per order that replaces returned goods: which order it replaces, and whether that one keeps the sale.
-- A view: read once, so there is nothing to gain from storing it.
{{ config(materialized='view') }}

with orders as (

    select
        order_id,
        source_system,
        source_order_id,
        stated_total

    from {{ ref('int_orders_unioned') }}

),

named as (

    select
        returns.order_id as original_order_id,
        orders.order_id,
        returns.returns_amount,
        -- A number may match orders of several systems; the one in the original order's system wins.
        row_number() over (
            partition by returns.return_id
            order by
                case when returns.order_id like concat_ws('', orders.source_system, ':%') then 0 else 1 end,
                orders.order_id
        ) as match_rank

    from {{ ref('int_returns') }} as returns
    inner join orders
        on returns.exchange_order_ref = orders.source_order_id
    -- Goods exchanged within their own order need no replacement order.
    where returns.order_id is null or returns.order_id not like concat_ws('', '%:', returns.exchange_order_ref)

),

-- Apps that handle exchanges in the web shop create a free order by a discount of that name.
free_of_charge as (

    select distinct
        cast(null as {{ dbt.type_string() }}) as original_order_id,
        orders.order_id,
        cast(0 as decimal(18, 2)) as returns_amount

    from orders
    inner join {{ ref('stg_shopify__discount_applications') }} as discounts
        on orders.source_order_id = discounts.source_order_id
    where orders.source_system = 'shopify'
        and orders.stated_total = 0
        and (lower(discounts.code) like '%exchange%' or lower(discounts.title) like '%exchange%')

),

unioned as (

    select
        original_order_id,
        order_id,
        returns_amount

    from named
    where match_rank = 1

    union all

    select
        original_order_id,
        order_id,
        returns_amount

    from free_of_charge

),

grouped as (

    select
        order_id,
        min(original_order_id) as original_order_id,
        -- Goods exchanged without a refund: the sale stays with the original order.
        coalesce(sum(returns_amount), 0) = 0 as original_keeps_the_sale

    from unioned
    group by order_id

)

select * from grouped
