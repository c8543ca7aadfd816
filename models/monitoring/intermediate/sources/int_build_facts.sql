-- Grain: one row per build: what was delivered and sold, in figures that tell whether a result can be empty or doubtful.
with sales as (

    select
        count(*) as order_count,
        count(case when is_counted then 1 end) as counted_count,
        count(customer_id) as customer_order_count,
        count(distinct currency) as order_currency_count,
        max(currency) as order_currency

    from {{ ref('orders') }}

),

reasons as (

    select max_by(not_counted_reason, (order_count, not_counted_reason)) as not_counted_reason
    from (
        select not_counted_reason, count(*) as order_count from {{ ref('orders') }} group by not_counted_reason
    ) as reasons
    where not_counted_reason is not null

),

lines as (

    select
        count(*) as line_count,
        count(category) as catalogue_line_count,
        count(
            case when category is not null and coalesce(missing_costs, '') not like '%goods%' then 1 end
        ) as costed_line_count,
        cast(floor(
            100 * cast(sum(revenue_with_known_cost) as double) / nullif(cast(sum(product_revenue) as double), 0)
        ) as int) as known_cost_percent

    from {{ ref('order_line_margins') }}
    where line_type = 'product'

),

people as (

    select
        coalesce(cast(sum(type_count) as bigint), 0) as customer_count,
        coalesce(max(case when customer_type = 'person' then type_count end), 0) as person_count,
        max_by(customer_type, (type_count, customer_type)) as customer_type

    from (select customer_type, count(*) as type_count from {{ ref('customers') }} group by customer_type) as types

),

permissions as (

    select count(distinct customer_id) as permitted_count
    from {{ ref('customer_consents') }}
    where is_permitted and channel in ('email', 'sms')

),

costs as (

    select
        count(*) = 13
        and abs(sum(cast(fixed_amount as double)) - 22.65) < 0.001
        and abs(sum(cast(rate as double)) - 0.193) < 0.0001 as is_example_cost

    from {{ ref('cost_assumptions') }}

),

limits as (

    select count(*) = 38 and abs(sum(cast(value as double)) - 3244.55) < 0.001 as is_example_limit
    from {{ ref('attribute_limits') }}

),

unassumed as (

    select
        count(*) as missing_cost_count,
        min(concat_ws(' of ', cost_type, applies_to)) as missing_cost
    from {{ ref('missing_costs') }}
    where cost_type <> 'goods'

),

reconstructed as (

    select coalesce(max({{ whole_number('value') }}), 0) as reconstructed_count
    from ({{ rows_or_none('intake', 'engine') }}) as engine
    where name = 'reconstructed_rows'

),

held as (

    select
        coalesce(cast(sum(record_count) as bigint), 0) as held_count,
        max_by(reason, (record_count, rule_key)) as held_reason,
        max_by(repair_hint, (record_count, rule_key)) filter (where repair_hint is not null) as held_hint

    from (
        select rule_key, max(reason) as reason, max(repair_hint) as repair_hint, count(*) as record_count
        from {{ ref('dead_letters') }}
        where state = 'open' and is_held and not is_consequential
        group by rule_key
    ) as letters

),

final as (

    select *
    from sales
    cross join reasons
    cross join held
    cross join lines
    cross join people
    cross join permissions
    cross join costs
    cross join limits
    cross join unassumed
    cross join (select count(*) as product_count from {{ ref('products') }}) as catalogue
    cross join reconstructed

)

select * from final
