-- Grain: one row per order, event and time: what happened to the order, in order, up to as_of_date.
with events as (

    select * from {{ ref('int_order_events') }}

),

orders as (

    select
        order_id,
        customer_id

    from {{ ref('orders') }}

),

joined as (

    select
        events.order_id,
        orders.customer_id,
        cast(
            row_number() over (
                partition by events.order_id
                order by
                    events.event_at,
                    case events.event
                        {% for event in [
                            'placed', 'authorised', 'paid', 'shipped', 'delivered', 'cancelled', 'returned', 'exchanged',
                            'refunded'
                        ] %}
                        when '{{ event }}' then {{ loop.index }}
                        {% endfor %}
                    end
            ) as bigint
        ) as event_number,
        events.event,
        events.event_at,
        events.event_date,
        cast(events.amount as decimal(18, 2)) as amount

    from events
    inner join orders
        on events.order_id = orders.order_id

)

select * from joined
