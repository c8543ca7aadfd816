-- Grain: one row per refund with a known order: all that the order's refunds come to, up to and including it.
with refunds as (

    select
        return_id,
        order_id,
        currency,
        refund_amount,
        returned_at

    from {{ ref('int_returns_unioned') }}
    where order_id is not null and refund_amount is not null

),

return_keys as (

    select
        concat('returns:', return_id, ':', cast(line_number as {{ dbt.type_string() }})) as return_id,
        concat(return_id, '|', cast(line_number as {{ dbt.type_string() }})) as record_key

    from {{ ref('stg_returns__return_lines') }}

),

summed as (

    select
        case when return_keys.record_key is not null then 'returns' else 'shopify' end as source_name,
        case
            when return_keys.record_key is not null then 'return_line'
            when refunds.return_id like 'shopify:adjustment:%' then 'order_adjustment'
            else 'order_line_refund'
        end as table_name,
        coalesce(
            return_keys.record_key,
            replace(replace(refunds.return_id, 'shopify:adjustment:', ''), 'shopify:', '')
        ) as record_key,
        orders.order_id,
        refunds.return_id,
        orders.channel,
        orders.currency,
        refunds.refund_amount,
        orders.net_total,
        sum(refunds.refund_amount) over (
            partition by refunds.order_id order by refunds.returned_at, refunds.return_id
        ) as refunded_until_then

    from refunds
    inner join {{ ref('int_order_sums') }} as orders
        on refunds.order_id = orders.order_id
    left join return_keys
        on refunds.return_id = return_keys.return_id
    -- Money in another currency than the order's cannot be held against it to the penny.
    where coalesce(refunds.currency, orders.currency) = orders.currency

)

select * from summed
