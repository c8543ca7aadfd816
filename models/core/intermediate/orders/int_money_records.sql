-- Grain: one row per record of money in staging (order, line, payment, refund) and what became of it in the marts.
-- A view: read by one mart and one test.
{{ config(materialized='view') }}

with orders as (

    select
        order_id,
        currency

    from {{ ref('orders') }}

),

order_records as (

    {% for source_system, table_name, amount in [
        ('shopify', 'orders', 'total_price'), ('pos', 'receipts', 'total_amount'),
        ('marketplace', 'orders', 'cast(null as decimal(18, 4))')
    ] %}
    select
        '{{ source_system }}' as source_system,
        'order' as record_type,
        concat('{{ source_system }}:', source_order_id) as record_id,
        concat('{{ source_system }}:', source_order_id) as order_id,
        {{ amount }} as amount,
        cast(null as {{ dbt.type_string() }}) as reason,
        ordered_at as happened_at

    from {{ ref('stg_' ~ source_system ~ '__' ~ table_name) }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

line_records as (

    select
        source_system,
        'order line' as record_type,
        line_id as record_id,
        order_id,
        listed_amount as amount,
        cast(null as {{ dbt.type_string() }}) as reason,
        cast(null as {{ dbt.type_timestamp() }}) as happened_at

    from {{ ref('int_order_lines_stated') }}

),

payment_records as (

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

refund_records as (

    select
        source_system,
        'refund' as record_type,
        record_id,
        order_id,
        amount,
        reason,
        happened_at

    from {{ ref('int_refund_records') }}

),

records as (

    {% for kind in ['order', 'line', 'payment', 'refund'] %}
    select * from {{ kind }}_records
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

in_marts as (

    {% for mart, record_type, key in [
        ('orders', 'order', 'order_id'), ('order_lines', 'order line', 'line_id'),
        ('order_payments', 'payment', 'payment_id'), ('returns', 'refund', 'return_id')
    ] %}
    select
        {{ key }} as record_id,
        '{{ record_type }}' as record_type

    from {{ ref(mart) }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

held as (

    select distinct
        case when return_id is null then 'order' else 'refund' end as record_type,
        coalesce(return_id, order_id) as record_id

    from {{ ref('int_order_violations') }}
    where is_blocking

),

held_orders as (

    select record_id as order_id from held
    where record_type = 'order'

),

judged as (

    select
        records.source_system,
        records.record_type,
        records.record_id,
        orders.currency,
        records.amount,
        case
            when in_marts.record_id is not null then 'in the model'
            when records.reason is not null then records.reason
            when {{ business_date('records.happened_at') }} > {{ as_of_date() }} then 'after as_of_date'
            when held.record_id is not null or held_orders.order_id is not null then 'held back by a rule'
            when records.record_type = 'order line' and orders.order_id is null then 'order not known'
            else 'not told'
        end as outcome

    from records
    left join in_marts
        on records.record_type = in_marts.record_type
            and records.record_id = in_marts.record_id
    left join orders
        on records.order_id = orders.order_id
    left join held
        on records.record_type = held.record_type
            and records.record_id = held.record_id
    left join held_orders
        on records.order_id = held_orders.order_id

)

select * from judged
