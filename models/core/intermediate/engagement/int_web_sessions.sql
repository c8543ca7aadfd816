-- Grain: one row per visit: events of one device with no gap above visit_gap_minutes, split where the person changes.
with events as (

    select * from {{ ref('int_web_events') }}
    -- A server event without a device, such as an order, is not a visit.
    where anonymous_id is not null

),

with_previous as (

    select
        anonymous_id,
        customer_id,
        event_type,
        device_type,
        occurred_at,
        occurred_date,
        lag(occurred_at) over (partition by anonymous_id order by occurred_at, customer_id nulls last) as previous_at,
        lag(customer_id) over (partition by anonymous_id order by occurred_at, customer_id nulls last)
            as previous_customer_id

    from events

),

numbered as (

    select
        with_previous.*,
        sum(
            case
                when
                    {{ seconds_between('with_previous.previous_at', 'with_previous.occurred_at') }}
                    <= limits.visit_gap_minutes * 60
                    and coalesce(with_previous.customer_id, '') = coalesce(with_previous.previous_customer_id, '')
                    then 0
                else 1
            end
        ) over (
            partition by with_previous.anonymous_id
            order by with_previous.occurred_at, with_previous.customer_id nulls last
        ) as session_number

    from with_previous
    cross join {{ ref('int_attribute_limits') }} as limits

),

sessions as (

    select
        anonymous_id,
        customer_id,
        min(occurred_at) as started_at,
        max(occurred_at) as ended_at,
        min(occurred_date) as session_date,
        count(*) filter (where event_type = 'page_view') as page_view_count,
        count(*) filter (where event_type = 'product_view') as product_view_count,
        count(*) filter (where event_type = 'cart_addition') as cart_addition_count,
        max(device_type) as device_type,
        bool_or(event_type = 'order_completed') as has_order

    from numbered
    group by anonymous_id, customer_id, session_number

),

keyed as (

    select
        md5(concat_ws('', anonymous_id, '|', customer_id, '|', cast(started_at as {{ dbt.type_string() }})))
            as session_id,
        customer_id,
        anonymous_id,
        device_type,

        page_view_count,
        product_view_count,
        cart_addition_count,
        {{ seconds_between('started_at', 'ended_at') }} as duration_seconds,

        has_order,

        started_at,
        session_date

    from sessions

)

select * from keyed
