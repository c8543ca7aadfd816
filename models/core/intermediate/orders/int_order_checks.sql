-- Grain: one row per order or refund and arithmetic check: how far apart the two sides are.
-- A view: read once, so there is nothing to gain from storing it.
{{ config(materialized='view') }}

with orders as (

    select
        *,
        case when source_system = 'pos' then 'receipt' else 'order' end as table_name

    from {{ ref('int_order_sums') }}
    where stated_total is not null

),

checks as (

    select
        source_system as source_name,
        table_name,
        source_order_id as record_key,
        'lines_against_total' as check_name,
        abs(parts_total - stated_total) as difference,
        abs(stated_total) as amount,
        order_id,
        cast(null as {{ dbt.type_string() }}) as return_id,
        channel,
        currency

    from orders
    where parts_total is not null

    union all

    select
        source_system,
        table_name,
        source_order_id,
        'payments_against_total',
        abs(paid_amount - stated_total),
        abs(stated_total),
        order_id,
        null,
        channel,
        currency

    from orders
    where paid_amount is not null and is_sale

    union all

    select
        source_name,
        table_name,
        record_key,
        'refunds_against_order',
        refunded_until_then - net_total,
        abs(refund_amount),
        order_id,
        return_id,
        channel,
        currency

    from {{ ref('int_refund_sums') }}
    where refund_amount > 0

)

select * from checks
