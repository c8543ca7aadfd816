-- Grain: one row per cross-field check and period (the last 28 days, all history): how many rows fail it.
with orders as (

    select
        *,
        gross_revenue - discounts + shipping_revenue + gift_card_amount as charged

    from {{ ref('int_orders') }}
    -- Sales only: orders that do not count, such as one without a price, already have a reason.
    where not_counted_reason is null or not_counted_reason = 'fully refunded'

),

-- Null: this order cannot be checked.
flags as (

    select
        ordered_date as profile_date,
        case when delivered_at is not null then delivered_at < ordered_at end as delivered_before_ordered,
        discounts > gross_revenue as discount_above_gross,
        -- A tolerance of five cents: on a small order rounding alone shifts the rate.
        case when charged > 0 then tax < 0 or tax > 0.3 * charged + 0.05 end as tax_outside_0_to_30_percent,
        -- Returned gift cards and goodwill are refunds too; a tolerance of one cent for rounding.
        case when returns_amount > 0 then returns_amount > charged + 0.01 end
            as refunded_above_charged

    from orders

),

order_checks as (

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

),

unioned as (

    select
        measure,
        profile_date,
        checked_rows,
        faulty_rows

    from order_checks

    union all

    select
        measure,
        profile_date,
        checked_rows,
        faulty_rows

    from {{ ref('int_data_profile_link_violations_daily') }}

),

daily as (

    select * from unioned
    where profile_date <= {{ as_of_date() }}

),

periods as (

    select
        'history' as period,
        *
    from daily

    union all

    select
        'month' as period,
        *
    from daily
    where {{ within_window('profile_date', 28) }}

),

summed as (

    select
        'cross_fields' as profile_name,
        'all' as slice_name,
        measure,
        period,
        cast(sum(faulty_rows) as bigint) as faulty_rows,
        round(cast(sum(faulty_rows) as double) / nullif(cast(sum(checked_rows) as double), 0), 9) as faulty_share,
        cast(sum(checked_rows) as bigint) as basis_rows,
        cast(0 as bigint) as history_count,
        min(case when faulty_rows > 0 then profile_date end) as first_faulty_date,
        {{ as_of_date() }} as profile_date

    from periods
    group by measure, period

)

select * from summed
