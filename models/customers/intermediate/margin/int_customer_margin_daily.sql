-- Grain: one row per customer and business day: every margin amount on the day it was incurred. Additive, so any
-- window is one sum. The cost of goods counts on the day of sale and is credited on the day they return to stock.
{{ config(materialized='view') }}
{%- set moments = {
    'sales': ['gross_revenue', 'discounts', 'shipping_revenue', 'cogs', 'shipping_cost', 'payment_fees', 'marketplace_fees'],
    'restocked': ['cogs'],
    'returns': ['returns_amount', 'return_handling_cost'],
    'tickets': ['service_cost']
} %}
with sales as (

    select
        customer_id,
        ordered_date as activity_date,
        gross_revenue,
        discounts,
        shipping_revenue,
        cogs,
        shipping_cost,
        payment_fees,
        marketplace_fees

    from {{ ref('order_margins') }}
    where is_counted

),

saved as (

    select
        customer_id,
        ordered_date,
        restocked_date,
        cogs_saved

    from {{ ref('order_lines') }}
    where is_counted and cogs_saved > 0

),

restocked as (

    select
        customer_id,
        ordered_date as activity_date,
        cogs_saved as cogs
    from saved

    union all

    select
        customer_id,
        restocked_date as activity_date,
        -cogs_saved as cogs
    from saved

),

returns as (

    select
        customer_id,
        returned_date as activity_date,
        returns_amount,
        return_handling_cost

    from {{ ref('int_return_costs') }}

),

tickets as (

    select
        customer_id,
        created_date as activity_date,
        service_cost

    from {{ ref('int_ticket_costs') }}

),

unioned as (

    {% for moment, amounts in moments.items() %}
    select
        customer_id,
        activity_date,
        {{ amounts_or_zero(margin_parts(), dict(zip(amounts, amounts))) }}
    from {{ moment }}
    where customer_id is not null
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

totals as (

    select
        customer_id,
        activity_date,
        {{ sums_of(margin_parts()) }}

    from unioned
    group by customer_id, activity_date

),

final as (

    select
        customer_id,
        activity_date,
        {{ margin_columns() }}

    from totals

)

select * from final
