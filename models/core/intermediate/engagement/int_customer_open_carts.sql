-- Grain: one row per customer with an open cart: its units and value.
with carts as (

    select * from {{ ref('int_customer_carts') }}
    where has_open_cart

),

events as (

    select events.*
    from {{ ref('int_web_events') }} as events
    cross join {{ ref('int_attribute_limits') }} as limits
    where
        events.customer_id is not null
        and events.event_type in ('cart_addition', 'cart_removal')
        and {{ within_window('events.occurred_date', 'limits.open_cart_days') }}

),

-- Since the last order: what was added before went with it.
cart_events as (

    select
        events.event_id,
        events.event_type,
        events.customer_id

    from events
    inner join carts
        on events.customer_id = carts.customer_id
    where carts.last_ordered_at is null or events.occurred_at > carts.last_ordered_at

),

movements as (

    select
        cart_events.customer_id,
        additions.sku,
        coalesce(additions.quantity, 1) as quantity,
        additions.price

    from cart_events
    inner join {{ ref('stg_web__cart_additions') }} as additions
        on cart_events.event_id = additions.event_id
    where cart_events.event_type = 'cart_addition'

    union all

    select
        cart_events.customer_id,
        removals.sku,
        -coalesce(removals.quantity, 1) as quantity,
        removals.price

    from cart_events
    inner join {{ ref('stg_web__cart_removals') }} as removals
        on cart_events.event_id = removals.event_id
    where cart_events.event_type = 'cart_removal'

),

by_product as (

    select
        customer_id,
        sku,
        greatest(sum(quantity), 0) as unit_count,
        max(price) filter (where quantity > 0) as price

    from movements
    group by customer_id, sku

),

totals as (

    select
        customer_id,
        cast(sum(unit_count) as bigint) as unit_count,
        cast({{ to_cents('sum(unit_count * price)') }} as decimal(18, 2)) as cart_value

    from by_product
    group by customer_id

)

select * from totals
