-- Grain: one row per order of the recent or the reference period and measured amount.
-- A view: it is read twice, for cut-points and for bins, and would be as long as the orders.
{{ config(materialized='view') }}

with orders as (

    select
        order_id,
        {{ distribution_period('ordered_date') }} as distribution_period,
        unit_count,
        cast(gross_revenue as double) as gross_revenue,
        cast(discounts as double) as discounts

    from {{ ref('int_orders') }}
    where not coalesce(is_test, false)
        and {{ within_window('ordered_date', recent_days() + reference_days()) }}

),

amounts as (

    select
        'order_value' as measure,
        order_id,
        distribution_period,
        gross_revenue as amount
    from orders
    where gross_revenue > 0

    union all

    select
        'units_per_order' as measure,
        order_id,
        distribution_period,
        cast(unit_count as double) as amount
    from orders
    where unit_count > 0

    union all

    select
        'discount_share' as measure,
        order_id,
        distribution_period,
        round(discounts / gross_revenue, 6) as amount
    from orders
    where gross_revenue > 0

)

select * from amounts
