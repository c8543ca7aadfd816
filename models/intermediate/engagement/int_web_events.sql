-- Grain: one row per web or app event that happened by as_of_date, with the customer it belongs to.
with page_views as (

    select * from {{ ref('stg_web__pages') }}

),

product_views as (

    select * from {{ ref('stg_web__product_views') }}

),

cart_additions as (

    select * from {{ ref('stg_web__cart_additions') }}

),

orders_completed as (

    select * from {{ ref('stg_web__orders_completed') }}

),

identities as (

    select * from {{ ref('int_customer_identities') }}

),

events as (

    select
        event_id,
        'page_view' as event_type,
        anonymous_id,
        user_id,
        cast(null as {{ dbt.type_string() }}) as sku,
        cast(null as {{ dbt.type_string() }}) as category,
        cast(null as {{ dbt.type_string() }}) as source_order_id,
        occurred_at,
        occurred_date
    from page_views

    union all

    select
        event_id,
        'product_view' as event_type,
        anonymous_id,
        user_id,
        sku,
        category,
        null as source_order_id,
        occurred_at,
        occurred_date
    from product_views

    union all

    select
        event_id,
        'cart_addition' as event_type,
        anonymous_id,
        user_id,
        sku,
        category,
        null as source_order_id,
        occurred_at,
        occurred_date
    from cart_additions

    union all

    select
        event_id,
        'order_completed' as event_type,
        anonymous_id,
        user_id,
        null as sku,
        null as category,
        source_order_id,
        occurred_at,
        occurred_date
    from orders_completed

),

-- The account that was logged in says more than the device, which a household may share.
attributed as (

    select
        events.event_id,
        events.event_type,
        coalesce(accounts.customer_id, devices.customer_id) as customer_id,
        events.anonymous_id,
        events.sku,
        events.category,
        events.source_order_id,
        events.occurred_at,
        events.occurred_date

    from events
    left join identities as accounts
        on events.user_id = accounts.source_profile_id
            and accounts.source_system = 'shopify'
    left join identities as devices
        on events.anonymous_id = devices.source_profile_id
            and devices.source_system = 'web'
    where events.occurred_date <= {{ as_of_date() }}

)

select * from attributed
