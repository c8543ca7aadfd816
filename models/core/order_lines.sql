-- Grain: one row per order line, amounts without tax in the reporting currency, with its returns and the cost of
-- what was kept.
with returned as (

    select
        line_id,
        sum(returned_units) as returned_units,
        sum(case when is_restocked then returned_units else 0 end) as restocked_units,
        -- Goods swapped without money stay sold: what was restocked went out again as the replacement, and what came
        -- back spoilt was sent twice. Where money went back, the replacement is a sale with its own cost.
        sum(returned_units) filter (
            where is_restocked and not (coalesce(is_exchange, false) and returns_amount = 0)
        ) as saved_units,
        sum(case when not is_restocked and is_exchange and returns_amount = 0 then returned_units else 0 end)
            as resent_units,
        max(returned_date) filter (
            where is_restocked and not (coalesce(is_exchange, false) and returns_amount = 0)
        ) as restocked_date,
        sum(returns_amount) as returns_amount

    from {{ ref('int_returns') }}
    where line_id is not null
    group by line_id

),

-- A catalogue row is valid until the product's next one; its cost is converted at the rate of its first day.
costs as (

    select
        catalogue.sku,
        catalogue.valid_from,
        lead(catalogue.valid_from) over (partition by catalogue.sku order by catalogue.valid_from) as valid_to,
        cast(cast(catalogue.unit_cost as decimal(28, 10)) * rates.rate as decimal(18, 6)) as unit_cost

    from {{ ref('stg_products__products') }} as catalogue
    left join {{ ref('int_exchange_rates') }} as rates
        on catalogue.currency = rates.currency
            and catalogue.valid_from >= rates.valid_from
            and catalogue.valid_from < rates.valid_to
    where catalogue.valid_from <= {{ as_of_date() }}

),

joined as (

    select
        lines.*,
        orders.customer_id,
        orders.not_counted_reason is null as is_counted,
        products.category,
        coalesce(returned.returned_units, 0) as returned_units,
        coalesce(returned.restocked_units, 0) as restocked_units,
        coalesce(returned.returns_amount, 0) as returns_amount,
        returned.restocked_date,
        cast(case when lines.line_type = 'product' then costs.unit_cost end as decimal(28, 6)) as unit_cost,
        lines.quantity + coalesce(returned.resent_units, 0) as sent_units,
        greatest(lines.quantity + coalesce(returned.resent_units, 0) - coalesce(returned.saved_units, 0), 0)
            as kept_units

    from {{ ref('int_order_lines') }} as lines
    inner join {{ ref('int_orders') }} as orders
        on lines.order_id = orders.order_id
    left join returned
        on lines.line_id = returned.line_id
    left join {{ ref('int_products') }} as products
        on lines.sku = products.sku
    left join costs
        on lines.sku = costs.sku
            and lines.ordered_date >= costs.valid_from
            and lines.ordered_date < coalesce(costs.valid_to, cast('9999-01-01' as date))

),

-- Restocked goods cost nothing, from that day on; goods returned spoilt do.
costed as (

    select
        joined.*,
        {{ to_cents('unit_cost * kept_units') }} as cogs,
        {{ to_cents('unit_cost * sent_units') }} - {{ to_cents('unit_cost * kept_units') }} as cogs_saved

    from joined

),

final as (

    select
        line_id,
        order_id,
        customer_id,
        sku,
        category,
        line_type,
        ordered_date,
        cast(quantity as bigint) as quantity,
        cast(returned_units as bigint) as returned_units,
        cast(restocked_units as bigint) as restocked_units,
        cast(gross_revenue as decimal(18, 2)) as gross_revenue,
        cast(discounts as decimal(18, 2)) as discounts,
        cast(discounted_revenue as decimal(18, 2)) as discounted_revenue,
        cast(returns_amount as decimal(18, 2)) as returns_amount,
        cast(tax as decimal(18, 2)) as tax,
        cast(cogs as decimal(18, 2)) as cogs,
        unit_cost is not null as has_known_cost,
        is_promoted,
        is_counted,
        cast(cogs_saved as decimal(18, 2)) as cogs_saved,
        restocked_date

    from costed

)

select * from final
