-- Grain: one row per source table: record versions accepted by the load, and what became of each of them.
with accounts as (

    {{ record_accounts() }}

),

-- Held back by the arithmetic of an order: staging has them, orders and returns have not.
of_orders as (

    select
        source,
        table_name,
        count(distinct record_key) as row_count

    from {{ ref('int_order_faults') }}
    where is_blocking
    group by source, table_name

),

final as (

    select
        accounts.source,
        accounts.table_name,
        cast(accounts.accepted_row_count as bigint) as accepted_row_count,
        cast(accounts.in_use_row_count - coalesce(of_orders.row_count, 0) as bigint) as in_use_row_count,
        cast(accounts.superseded_row_count as bigint) as superseded_row_count,
        cast(accounts.dead_letter_row_count + coalesce(of_orders.row_count, 0) as bigint) as dead_letter_row_count

    from accounts
    left join of_orders
        on accounts.source = of_orders.source
            and accounts.table_name = of_orders.table_name

)

select * from final
