-- Grain: one row per record of money in staging (order, line, payment, refund) and its outcome in the marts.
-- A view: read by one mart and one test.
{{ config(materialized='view') }}

with orders as (

    select
        order_id,
        currency

    from {{ ref('orders') }}

),

records as (

    select * from {{ ref('int_staged_money') }}

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

classified as (

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
            else 'unexplained'
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

select * from classified
