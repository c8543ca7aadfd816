-- Grain: one row per return that reverses a sale or had to be handled: the refunded amount and the handling cost.
with returns as (

    select
        returns.return_id,
        returns.order_id,
        -- Gift card lines have no margin.
        case when not returns.is_gift_card then returns.line_id end as line_id,
        returns.customer_id,
        returns.returned_date,
        returns.is_counted,
        returns.is_handled,
        returns.returns_amount,
        costs.fixed_amount + costs.rate * coalesce(returns.returns_amount, 0) as handling_cost

    from {{ ref('returns') }} as returns
    left join {{ ref('int_cost_assumptions') }} as costs
        on costs.cost_type = 'return_handling'
            and costs.applies_to = 'return_line'
            and returns.returned_date >= costs.valid_from
            and returns.returned_date < costs.valid_to
    -- Goods are also returned and handled for an order that was refunded as a whole.
    where returns.is_counted or returns.is_handled

),

final as (

    select
        return_id,
        order_id,
        line_id,
        customer_id,
        returned_date,
        case when is_counted then coalesce(returns_amount, 0) else 0 end as returns_amount,
        case when is_handled then {{ to_cents('coalesce(handling_cost, 0)') }} else 0 end as return_handling_cost,
        nullif(
            concat_ws(
                ', ',
                case when is_handled and handling_cost is null then 'return_handling' end,
                case when is_counted and returns_amount is null then 'exchange_rate' end
            ),
            ''
        ) as missing_costs

    from returns

)

select * from final
