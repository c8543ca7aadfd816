-- Grain: one row per customer with an order that counts: the last gap, comebacks, and since when the customer has
-- been loyal or repeat without a break. For the stages themselves see int_features_lifecycle.
with dated as (

    select
        order_id,
        customer_id,
        customer_order_number as order_number,
        ordered_date,
        lag(ordered_date) over (partition by customer_id order by customer_order_number) as previous_date,
        -- Four orders within loyal_days make a loyal customer: this order and the three before it, and the same as of
        -- the previous order.
        lag(ordered_date, 3) over (partition by customer_id order by customer_order_number) as fourth_latest_date,
        lag(ordered_date, 4) over (partition by customer_id order by customer_order_number)
            as fourth_latest_date_before

    from {{ ref('orders') }}
    where is_counted and customer_order_number is not null

),

with_gaps as (

    select
        *,
        {{ days_between('previous_date', 'ordered_date') }} as gap_days
    from dated

),

-- The eve of an order: the day before it, or the same day if it is not the first order of that day.
eves as (

    select
        orders.*,
        limits.loyal_days,
        limits.comeback_gap_days,
        {{ days_before('orders.ordered_date', 'case when orders.gap_days > 0 then 1 else 0 end') }} as eve,
        coalesce(
            orders.gap_days - 1 > limits.lapsed_after_days
            or (
                orders.order_number > 2
                and orders.gap_days - 1 > limits.late_interval_factor * cycle.expected_interval_days
            ),
            false
        ) as was_late

    from with_gaps as orders
    inner join {{ ref('int_customer_order_cycle') }} as cycle
        on orders.customer_id = cycle.customer_id
    cross join {{ ref('int_attribute_limits') }} as limits

),

classified as (

    select
        eves.*,
        coalesce({{ days_between('fourth_latest_date', 'ordered_date') }} < loyal_days, false) as is_loyal,
        coalesce({{ days_between('fourth_latest_date_before', 'previous_date') }} < loyal_days, false)
            as was_loyal_at_order,
        coalesce(not was_late and {{ days_between('fourth_latest_date_before', 'eve') }} < loyal_days, false)
            as was_loyal_on_eve

    from eves

),

runs as (

    select
        customer_id,
        max_by(gap_days, (order_number, order_id)) filter (where gap_days is not null) as days_before_last_order,
        max_by(fourth_latest_date, (order_number, order_id)) filter (where fourth_latest_date is not null)
            as fourth_latest_date,
        max(case when gap_days >= comeback_gap_days then ordered_date end) as last_comeback_date,
        sum(case when gap_days >= comeback_gap_days then 1 else 0 end) as comeback_count,
        max_by(is_loyal, (order_number, order_id)) as is_loyal_at_last_order,
        max(case when is_loyal and not was_loyal_on_eve then ordered_date end) as loyal_since,
        max(
            case
                when is_loyal or order_number < 2 then null
                -- Not repeat on the eve: this is the second order, or the customer was loyal or late until then.
                when order_number = 2 or was_late or was_loyal_on_eve then ordered_date
                -- Loyal at the previous order, and no longer so once fewer than four orders were within loyal_days.
                when was_loyal_at_order then cast(fourth_latest_date_before + loyal_days as date)
            end
        ) as repeat_since

    from classified
    group by customer_id

)

select * from runs
