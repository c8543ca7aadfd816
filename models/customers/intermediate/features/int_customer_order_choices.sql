-- Grain: one row per customer with an order that counts: channel and payment method most often chosen, and the last.
with orders as (

    select * from {{ ref('orders') }}
    where is_counted and customer_id is not null

),

combined as (

    select
        customer_id,
        channel,
        payment_method,
        count(*) as order_count,
        min(customer_order_number) as first_number,
        max(customer_order_number) as last_number

    from orders
    group by customer_id, channel, payment_method

),

channels as (

    select
        customer_id,
        channel,
        sum(order_count) as order_count,
        min(first_number) as first_number,
        max(last_number) as last_number

    from combined
    group by customer_id, channel

),

methods as (

    select
        customer_id,
        payment_method,
        sum(order_count) as order_count,
        max(last_number) as last_number

    from combined
    where payment_method is not null
    group by customer_id, payment_method

),

-- Of two chosen equally often, the one chosen last.
preferred_channels as (

    select
        customer_id,
        max_by(channel, order_count * 1000000 + last_number) as preferred_order_channel,
        min_by(channel, first_number) as first_order_channel,
        max_by(channel, last_number) as last_order_channel

    from channels
    group by customer_id

),

preferred_methods as (

    select
        customer_id,
        max_by(payment_method, order_count * 1000000 + last_number) as preferred_payment_method

    from methods
    group by customer_id

),

joined as (

    select
        preferred_channels.customer_id,
        preferred_channels.preferred_order_channel,
        preferred_channels.first_order_channel,
        preferred_channels.last_order_channel,
        preferred_methods.preferred_payment_method

    from preferred_channels
    left join preferred_methods
        on preferred_channels.customer_id = preferred_methods.customer_id

)

select * from joined
