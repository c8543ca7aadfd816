-- Grain: one row per customer who ever put something into a cart, as of as_of_date.
with events as (

    select * from {{ ref('int_web_events') }}
    where
        customer_id is not null
        and event_type in ('cart_addition', 'order_completed')

),

orders as (

    select * from {{ ref('orders') }}
    where
        customer_id is not null
        and ordered_date <= {{ as_of_date() }}

),

last_additions as (

    select
        customer_id,
        max(occurred_at) as last_cart_addition_at,
        max(occurred_date) as last_cart_addition_date

    from events
    where event_type = 'cart_addition'
    group by customer_id

),

-- Any order answers the cart, in whatever channel and state; the shop's own event may come before the order does.
orders_seen as (

    select
        customer_id,
        ordered_at
    from orders

    union all

    select
        customer_id,
        occurred_at
    from events
    where event_type = 'order_completed'

),

last_orders as (

    select
        customer_id,
        max(ordered_at) as last_ordered_at

    from orders_seen
    group by customer_id

),

joined as (

    select
        last_additions.customer_id,
        (
            {{ within_window('last_additions.last_cart_addition_date', 7) }}
            and {{ seconds_between('last_additions.last_cart_addition_at', as_of_end()) }} >= 24 * 60 * 60
            and (
                last_orders.last_ordered_at is null
                or last_orders.last_ordered_at < last_additions.last_cart_addition_at
            )
        ) as has_open_cart,
        last_additions.last_cart_addition_at,
        last_additions.last_cart_addition_date

    from last_additions
    left join last_orders
        on last_additions.customer_id = last_orders.customer_id

)

select * from joined
