-- Grain: one row per record of money in staging (order, line, payment, refund), with the reason it is left out, if any.
-- A view: read once, so there is nothing to gain from storing it.
{{ config(materialized='view') }}

with orders as (

    {% for source_system, table_name, amount in [
        ('shopify', 'orders', 'total_price'), ('pos', 'receipts', 'total_amount'),
        ('marketplace', 'orders', 'cast(null as decimal(18, 4))')
    ] %}
    select
        '{{ source_system }}' as source_system,
        'order' as record_type,
        concat_ws('', '{{ source_system }}:', source_order_id) as record_id,
        concat_ws('', '{{ source_system }}:', source_order_id) as order_id,
        {{ amount }} as amount,
        cast(null as {{ dbt.type_string() }}) as reason,
        ordered_at as happened_at

    from {{ ref('stg_' ~ source_system ~ '__' ~ table_name) }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

lines as (

    select
        source_system,
        'order line' as record_type,
        line_id as record_id,
        order_id,
        case when line_type = 'discount' then -discount_amount else listed_amount end as amount,
        cast(null as {{ dbt.type_string() }}) as reason,
        cast(null as {{ dbt.type_timestamp() }}) as happened_at

    from {{ ref('int_order_lines_stated') }}

),

payments as (

    select
        source_system,
        'payment' as record_type,
        payment_id as record_id,
        order_id,
        movement_amount as amount,
        left_out_reason as reason,
        paid_at as happened_at

    from {{ ref('int_order_payments') }}

),

refunds as (

    select
        case when return_id like 'returns:%' then 'returns' when return_id like 'refund:%' then 'pos' else 'shopify' end
            as source_system,
        'refund' as record_type,
        return_id as record_id,
        order_id,
        refund_amount as amount,
        cast(null as {{ dbt.type_string() }}) as reason,
        returned_at as happened_at

    from {{ ref('int_returns_unioned') }}

),

-- A refunded line whose refund never arrived has neither order nor time.
lines_without_refund as (

    select
        'shopify' as source_system,
        'refund' as record_type,
        concat_ws('', 'shopify:', line_refunds.source_line_refund_id) as record_id,
        cast(null as {{ dbt.type_string() }}) as order_id,
        line_refunds.subtotal as amount,
        'refund not known' as reason,
        cast(null as {{ dbt.type_timestamp() }}) as happened_at

    from {{ ref('stg_shopify__order_line_refunds') }} as line_refunds
    left join {{ ref('stg_shopify__refunds') }} as shop_refunds
        on line_refunds.source_refund_id = shop_refunds.source_refund_id
    where shop_refunds.source_refund_id is null

),

returned_goods as (

    select
        'returns' as source_system,
        'refund' as record_type,
        concat_ws('', 'returns:', returned.return_id, ':', returned.line_number) as record_id,
        cast(null as {{ dbt.type_string() }}) as order_id,
        returned.refund_amount as amount,
        'money in the shop''s own refund' as reason,
        returned.returned_at as happened_at

    from {{ ref('stg_returns__return_lines') }} as returned
    left join refunds
        on concat_ws('', 'returns:', returned.return_id, ':', cast(returned.line_number as {{ dbt.type_string() }}))
            = refunds.record_id
    where returned.refund_amount is null and refunds.record_id is null

),

unioned as (

    {% for records in ['orders', 'lines', 'payments', 'refunds', 'lines_without_refund', 'returned_goods'] %}
    select * from {{ records }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

)

select * from unioned
