-- Grain: one row per customer who bought something that is used up: days until the next such thing is due.
with bought as (

    select
        lines.customer_id,
        lines.sku,
        max(lines.ordered_date) as last_ordered_date,
        max_by(lines.quantity, lines.ordered_date) as last_quantity

    from {{ ref('order_lines') }} as lines
    where lines.is_counted and lines.line_type = 'product' and lines.customer_id is not null
    group by lines.customer_id, lines.sku

),

due as (

    select
        bought.customer_id,
        {{ days_between(as_of_date(), 'bought.last_ordered_date') }}
        + products.replenishment_days * greatest(bought.last_quantity, 1) as due_in_days

    from bought
    inner join {{ ref('int_products') }} as products
        on bought.sku = products.sku
    where products.replenishment_days is not null and products.is_sellable

),

-- What fell due long ago was bought elsewhere or is no longer wanted.
nearest as (

    select
        customer_id,
        min(due_in_days) as replenishment_due_in_days

    from due
    where due_in_days >= -30
    group by customer_id

)

select * from nearest
