-- Grain: one row per customer: what handling returned lines and tickets cost, in the reporting currency.
with handling as (

    select
        returns.customer_id,
        sum({{ to_cents('coalesce(costs.fixed_amount + costs.rate * returns.returns_amount, 0)') }})
            as return_handling_cost,
        cast(0 as decimal(18, 2)) as service_cost

    from {{ ref('returns') }} as returns
    left join {{ ref('int_cost_assumptions') }} as costs
        on costs.cost_type = 'return_handling'
            and costs.applies_to = 'return_line'
            and returns.returned_date >= costs.valid_from
            and returns.returned_date < costs.valid_to
    -- Goods come back, and are handled, also for an order that was refunded as a whole.
    where returns.return_kind = 'line' and returns.customer_id is not null
    group by returns.customer_id

),

service as (

    select
        tickets.customer_id,
        cast(0 as decimal(18, 2)) as return_handling_cost,
        sum({{ to_cents('coalesce(costs.fixed_amount, 0)') }}) as service_cost

    from {{ ref('tickets') }} as tickets
    left join {{ ref('int_cost_assumptions') }} as costs
        on costs.cost_type = 'service'
            and costs.applies_to = 'ticket'
            and tickets.created_date >= costs.valid_from
            and tickets.created_date < costs.valid_to
    where tickets.customer_id is not null
    group by tickets.customer_id

),

unioned as (

    select * from handling
    union all
    select * from service

),

totals as (

    select
        customer_id,
        sum(return_handling_cost) as return_handling_cost,
        sum(service_cost) as service_cost

    from unioned
    group by customer_id

)

select * from totals
