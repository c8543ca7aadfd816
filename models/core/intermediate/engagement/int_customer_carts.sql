-- Grain: one row per customer who ever added to a cart or started a checkout, as of as_of_date.
with events as (

    select * from {{ ref('int_web_events') }}
    where
        customer_id is not null
        and event_type in ('cart_addition', 'checkout_started', 'order_completed')

),

orders as (

    select * from {{ ref('orders') }}
    where
        customer_id is not null
        and ordered_date <= {{ as_of_date() }}

),

last_steps as (

    select
        customer_id,
        max(occurred_at) filter (where event_type = 'cart_addition') as last_cart_addition_at,
        max(occurred_date) filter (where event_type = 'cart_addition') as last_cart_addition_date,
        max(occurred_at) filter (where event_type = 'checkout_started') as last_checkout_started_at,
        max(occurred_date) filter (where event_type = 'checkout_started') as last_checkout_started_date

    from events
    where event_type in ('cart_addition', 'checkout_started')
    group by customer_id

),

-- Any order closes the cart, in whatever channel and status; the shop's web event may arrive before the order does.
all_orders as (

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

    from all_orders
    group by customer_id

),

joined as (

    select
        last_steps.customer_id,
        {% for step, flag in [('cart_addition', 'has_open_cart'), ('checkout_started', 'has_abandoned_checkout')] %}
        coalesce(
            {{ within_window('last_steps.last_' ~ step ~ '_date', 'limits.open_cart_days') }}
            and {{ seconds_between('last_steps.last_' ~ step ~ '_at', as_of_end()) }}
            >= limits.open_cart_hours * 60 * 60
            and (
                last_orders.last_ordered_at is null
                or last_orders.last_ordered_at < last_steps.last_{{ step }}_at
            ),
            false
        ) as {{ flag }},
        {% endfor %}
        last_steps.last_cart_addition_at,
        last_steps.last_cart_addition_date,
        last_steps.last_checkout_started_at,
        last_orders.last_ordered_at

    from last_steps
    cross join {{ ref('int_attribute_limits') }} as limits
    left join last_orders
        on last_steps.customer_id = last_orders.customer_id

)

select * from joined
