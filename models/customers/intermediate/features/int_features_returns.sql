-- Grain: one row per customer of the spine: what was returned, how often, and whether a refund is pending.
with orders as (

    select * from {{ ref('int_customer_orders') }}

),

returns as (

    select
        customer_id,
        sum(
            case
                when reason_code = 'size' and not is_exchange and {{ within_window('returned_date', 180) }} then 1
                else 0
            end
        ) as size_return_count_180d,
        max(case when returned_units > 0 then returned_date end) as last_return_date

    from {{ ref('returns') }}
    where customer_id is not null
    group by customer_id

),

-- Refunds that have not been sent yet.
pending as (

    select distinct orders.customer_id

    from {{ ref('int_pending_refunds') }} as pending_refunds
    inner join {{ ref('orders') }} as orders
        on pending_refunds.order_id = orders.order_id

),

joined as (

    select
        spine.customer_id,
        cast(coalesce(orders.returned_order_count, 0) as bigint) as returned_order_count,
        cast(coalesce(returns.size_return_count_180d, 0) as bigint) as size_return_count_180d,
        cast(orders.returned_unit_count as double) / nullif(orders.unit_count, 0) as unit_return_rate,
        {{ days_between('returns.last_return_date', as_of_date()) }} as days_since_last_return,
        coalesce(orders.first_order_is_refunded, false) as first_order_is_refunded,
        pending.customer_id is not null as has_pending_refund

    from {{ ref('int_customer_spine') }} as spine
    left join orders
        on spine.customer_id = orders.customer_id
    left join returns
        on spine.customer_id = returns.customer_id
    left join pending
        on spine.customer_id = pending.customer_id

)

select * from joined
