-- Grain: one row per customer who may be profiled and product group they use up, until 30 days after it was due.
with due as (

    select * from {{ ref('int_customer_replenishment') }}

),

final as (

    select
        due.customer_id,
        due.product_group,
        {{ as_of_date() }} as as_of_date,
        due.category,
        due.sku,
        cast(due.order_day_count as bigint) as order_day_count,
        cast(due.interval_days as bigint) as interval_days,
        cast(due.due_in_days as bigint) as due_in_days,
        due.is_own_interval,
        due.last_ordered_date,
        due.due_date

    from due
    inner join {{ ref('int_profiled_customers') }} as customers
        on due.customer_id = customers.customer_id

)

select * from final
