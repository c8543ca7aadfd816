-- Grain: one row per customer with a return or a refund on its way: how often and why.
with returns as (

    select * from {{ ref('returns') }}
    where customer_id is not null

),

counted as (

    select
        customer_id,
        sum(
            case
                when reason_code = 'size' and not is_exchange and {{ within_window('returned_date', 180) }} then 1
                else 0
            end
        ) as size_return_count_180d,
        sum(case when is_exchange and {{ within_window('returned_date', 365) }} then 1 else 0 end)
            as exchange_count_365d,
        sum(
            case
                when returned_units = 0 and returns_amount > 0 and {{ within_window('returned_date', 365) }} then 1
                else 0
            end
        ) as goodwill_refund_count_365d,
        max(case when returned_units > 0 then returned_date end) as last_return_date

    from returns
    group by customer_id

),

-- Goods booked as returned whose money has not gone back yet.
pending as (

    select distinct orders.customer_id

    from {{ ref('int_pending_refunds') }} as pending_refunds
    inner join {{ ref('orders') }} as orders
        on pending_refunds.order_id = orders.order_id
    where orders.customer_id is not null

),

joined as (

    select
        coalesce(counted.customer_id, pending.customer_id) as customer_id,
        coalesce(counted.size_return_count_180d, 0) as size_return_count_180d,
        coalesce(counted.exchange_count_365d, 0) as exchange_count_365d,
        coalesce(counted.goodwill_refund_count_365d, 0) as goodwill_refund_count_365d,
        counted.last_return_date,
        pending.customer_id is not null as has_pending_refund

    from counted
    full outer join pending
        on counted.customer_id = pending.customer_id

)

select * from joined
