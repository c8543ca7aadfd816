-- Grain: one row per customer who may be profiled and consumable product group, until it is long overdue.
with lines as (

    select lines.*
    from {{ ref('order_lines') }} as lines
    inner join {{ ref('int_profiled_customers') }} as customers
        on lines.customer_id = customers.customer_id
    where lines.is_counted and lines.line_type = 'product'

),

stocked as (

    select * from {{ ref('int_product_sales') }}

),

-- Returned units were not used up.
days as (

    select
        lines.customer_id,
        products.product_group,
        lines.ordered_date,
        max(products.category) as category,
        max(lines.sku) as sku,
        sum(lines.quantity - lines.returned_units) as units,
        sum((lines.quantity - lines.returned_units) * products.replenishment_days) as catalogue_days

    from lines
    inner join {{ ref('int_products') }} as products
        on lines.sku = products.sku
            and products.replenishment_days > 0
    where lines.quantity > lines.returned_units
    group by lines.customer_id, products.product_group, lines.ordered_date

),

groups as (

    select
        days.customer_id,
        days.product_group,
        max(days.category) as category,
        count(*) as order_day_count,
        max(days.ordered_date) as last_ordered_date,
        max_by(days.sku, days.ordered_date) as last_sku,
        max_by(days.units, days.ordered_date) as last_units,
        max_by(days.catalogue_days, days.ordered_date) as last_catalogue_days,
        -- With enough purchase days the customer's own pace, in days per unit; twice as much lasts twice as long.
        case
            when count(*) >= max(limits.own_pace_count)
                then cast({{ days_between('min(days.ordered_date)', 'max(days.ordered_date)') }} as double)
                    / (sum(days.units) - max_by(days.units, days.ordered_date))
        end as own_days_per_unit

    from days
    cross join {{ ref('int_attribute_limits') }} as limits
    group by days.customer_id, days.product_group

),

timed as (

    select
        *,
        cast(floor(coalesce(own_days_per_unit * last_units, last_catalogue_days) + 0.5) as int) as interval_days
    from groups

),

due as (

    select
        timed.customer_id,
        timed.product_group,
        {{ as_of_date() }} as as_of_date,
        timed.category,
        -- The product bought last, or else the best seller of its group.
        coalesce(same.sku, best.sku) as sku,
        cast(timed.order_day_count as bigint) as order_day_count,
        cast(timed.interval_days as bigint) as interval_days,
        cast({{ days_between(as_of_date(), 'timed.last_ordered_date') }} + timed.interval_days as bigint)
            as due_in_days,
        timed.own_days_per_unit is not null as is_own_interval,
        timed.last_ordered_date,
        cast(timed.last_ordered_date + timed.interval_days as date) as due_date

    from timed
    inner join stocked as best
        on timed.product_group = best.product_group
            and best.group_rank = 1
    left join stocked as same
        on timed.last_sku = same.sku

),

-- A product long overdue was bought elsewhere or is no longer wanted.
not_long_overdue as (

    select due.*
    from due
    cross join {{ ref('int_attribute_limits') }} as limits
    where due.due_in_days >= -limits.replenish_overdue_days

)

select * from not_long_overdue
