-- Grain: one row per customer with a return of no known order, or a ticket about none: what it takes from the margin.
with unioned as (

    select
        customer_id,
        returns_amount,
        return_handling_cost,
        cast(0 as decimal(18, 2)) as service_cost,
        missing_costs

    from {{ ref('int_return_costs') }}
    where order_id is null and customer_id is not null

    union all

    select
        customer_id,
        cast(0 as decimal(18, 2)) as returns_amount,
        cast(0 as decimal(18, 2)) as return_handling_cost,
        service_cost,
        missing_costs

    from {{ ref('int_ticket_costs') }}
    where order_id is null and customer_id is not null

),

totals as (

    select
        customer_id,
        sum(returns_amount) as returns_amount,
        sum(return_handling_cost) as return_handling_cost,
        sum(service_cost) as service_cost,
        {{ all_missing_costs('missing_costs') }} as missing_costs

    from unioned
    group by customer_id

)

select * from totals
