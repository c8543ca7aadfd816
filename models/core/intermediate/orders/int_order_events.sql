-- Grain: one row per order, event and time, up to as_of_date.
with orders as (

    select * from {{ ref('int_orders_unioned') }}

),

{% for event, column in [
    ('placed', 'ordered_at'), ('cancelled', 'cancelled_at'), ('shipped', 'fulfilled_at'), ('delivered', 'delivered_at')
] %}
{{ event }} as (

    select
        order_id,
        '{{ event }}' as event,
        {{ column }} as event_at,
        cast(null as decimal(18, 2)) as amount

    from orders
    where {{ column }} is not null{{ " and source_system <> 'shopify'" if event in ['shipped', 'delivered'] }}

),

{% endfor %}
-- The shop tells every parcel.
{% for event, column in [('shipped', 'shipped_at'), ('delivered', 'delivered_at')] %}
parcels_{{ event }} as (

    select
        concat('shopify:', source_order_id) as order_id,
        '{{ event }}' as event,
        {{ column }} as event_at,
        cast(null as decimal(18, 2)) as amount

    from {{ ref('stg_shopify__fulfillments') }}
    where {{ column }} is not null and coalesce(status, 'success') not in ('cancelled', 'error', 'failure')

),

{% endfor %}
payments as (

    select
        order_id,
        case kind when 'payment' then 'paid' when 'refund' then 'refunded' else 'authorised' end as event,
        paid_at as event_at,
        amount

    from {{ ref('int_order_payments') }}
    where left_out_reason is null and not is_pending

),

returns as (

    select
        order_id,
        case when is_exchange then 'exchanged' else 'returned' end as event,
        returned_at as event_at,
        cast(null as decimal(18, 2)) as amount

    from {{ ref('int_returns') }}
    where order_id is not null and returned_units > 0

),

unioned as (

    {% for events in [
        'placed', 'cancelled', 'shipped', 'delivered', 'parcels_shipped', 'parcels_delivered', 'payments', 'returns'
    ] %}
    select * from {{ events }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

grouped as (

    select
        unioned.order_id,
        unioned.event,
        unioned.event_at,
        {{ business_date('unioned.event_at') }} as event_date,
        sum(unioned.amount) as amount

    from unioned
    inner join orders
        on unioned.order_id = orders.order_id
    where unioned.event_at < {{ as_of_end() }}
    group by unioned.order_id, unioned.event, unioned.event_at

)

select * from grouped
