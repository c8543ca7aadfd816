-- Grain: one row per order, event and time: what happened to the order, in order, up to as_of_date.
with orders as (

    select
        order_id,
        customer_id

    from {{ ref('int_orders') }}

),

events as (

    {% for event, column in [
        ('placed', 'ordered_at'), ('cancelled', 'cancelled_at'), ('shipped', 'fulfilled_at'), ('delivered', 'delivered_at')
    ] %}
    select
        order_id,
        '{{ event }}' as event,
        {{ column }} as event_at,
        cast(null as decimal(18, 2)) as amount

    from {{ ref('int_orders_unioned') }}
    {#- The shop reports each parcel. #}
    where {{ column }} is not null{{ " and source_system <> 'shopify'" if event in ['shipped', 'delivered'] }}

    union all

    {% endfor %}
    {% for event, column in [('shipped', 'shipped_at'), ('delivered', 'delivered_at')] %}
    select
        concat_ws('', 'shopify:', source_order_id) as order_id,
        '{{ event }}' as event,
        {{ column }} as event_at,
        cast(null as decimal(18, 2)) as amount

    from {{ ref('stg_shopify__fulfillments') }}
    -- A parcel that was cancelled or failed moved nothing.
    where {{ column }} is not null and coalesce(status, 'success') not in ('cancelled', 'error', 'failure')

    union all

    {% endfor %}
    select
        order_id,
        case kind when 'payment' then 'paid' when 'refund' then 'refunded' else 'authorised' end as event,
        paid_at as event_at,
        amount

    from {{ ref('int_order_payments') }}
    where left_out_reason is null and not is_pending

    union all

    select
        order_id,
        case when is_exchange then 'exchanged' else 'returned' end as event,
        returned_at as event_at,
        cast(null as decimal(18, 2)) as amount

    from {{ ref('int_returns') }}
    where order_id is not null and returned_units > 0

),

grouped as (

    select
        events.order_id,
        orders.customer_id,
        events.event,
        events.event_at,
        {{ business_date('events.event_at') }} as event_date,
        sum(events.amount) as amount

    from events
    inner join orders
        on events.order_id = orders.order_id
    where events.event_at < {{ as_of_end() }}
    group by events.order_id, orders.customer_id, events.event, events.event_at

),

numbered as (

    select
        order_id,
        customer_id,
        cast(
            row_number() over (
                partition by order_id
                order by
                    event_at,
                    case event
                        {% for event in [
                            'placed', 'authorised', 'paid', 'shipped', 'delivered', 'cancelled', 'returned', 'exchanged',
                            'refunded'
                        ] %}
                        when '{{ event }}' then {{ loop.index }}
                        {% endfor %}
                    end nulls last
            ) as bigint
        ) as event_number,
        event,
        event_at,
        event_date,
        cast(amount as decimal(18, 2)) as amount

    from grouped

)

select * from numbered
