-- Grain: one row per cross-field check of orders and business day: rows that could be checked, rows at fault.
-- A view: read once, so there is nothing to gain from storing it.
{{ config(materialized='view') }}

with orders as (

    select
        *,
        gross_revenue - discounts + shipping_revenue + gift_card_amount as charged

    from {{ ref('int_orders') }}
    -- Of sales only: what does not count, such as an order without a price, has its reason already.
    where not_counted_reason is null or not_counted_reason = 'fully refunded'

),

-- Null: this order cannot be checked.
flags as (

    select
        ordered_date as profile_date,
        case when delivered_at is not null then delivered_at < ordered_at end as delivered_before_ordered,
        discounts > gross_revenue as discount_above_gross,
        -- Five cents of room: on a small order rounding alone moves the rate.
        case when charged > 0 then tax < 0 or tax > 0.3 * charged + 0.05 end as tax_outside_0_to_30_percent,
        -- Gift cards handed back and goodwill are refunds too; a cent of room for rounding.
        case when returns_amount > 0 then returns_amount > charged + 0.01 end
            as refunded_above_charged

    from orders

),

counted as (

    {% for check in [
        'delivered_before_ordered', 'discount_above_gross', 'tax_outside_0_to_30_percent', 'refunded_above_charged'
    ] %}
    select
        '{{ check }}' as measure,
        profile_date,
        count({{ check }}) as checked_rows,
        sum(case when {{ check }} then 1 else 0 end) as faulty_rows

    from flags
    group by profile_date
    {{ 'union all' if not loop.last }}
    {% endfor %}

)

select * from counted
