-- Grain: one row per kind of unknown cost and what it should apply to: since when, how often, and how much revenue has
-- an overstated margin.
with order_costs as (

    select
        order_costs.channel as applies_to,
        order_costs.ordered_date as happened_date,
        orders.net_revenue as revenue,
        order_costs.missing_costs

    from {{ ref('int_order_costs') }} as order_costs
    inner join {{ ref('orders') }} as orders
        on order_costs.order_id = orders.order_id
    where order_costs.missing_costs is not null

),

return_costs as (

    select
        'return_line' as applies_to,
        returned_date as happened_date,
        cast(0 as decimal(18, 2)) as revenue,
        missing_costs

    from {{ ref('int_return_costs') }}
    where missing_costs is not null

),

ticket_costs as (

    select
        'ticket' as applies_to,
        created_date as happened_date,
        cast(0 as decimal(18, 2)) as revenue,
        missing_costs

    from {{ ref('int_ticket_costs') }}
    where missing_costs is not null

),

goods as (

    select
        coalesce(category, 'products not in the catalogue') as applies_to,
        ordered_date as happened_date,
        product_revenue as revenue,
        missing_costs

    from {{ ref('order_line_margins') }}
    where missing_costs like '%goods%'

),

unioned as (

    {% for relation, words in {
        'order_costs': ['shipping', 'payment_fee', 'marketplace_fee'],
        'return_costs': ['return_handling', 'exchange_rate'],
        'ticket_costs': ['service'],
        'goods': ['goods']
    }.items() %}
    {%- set last_relation = loop.last %}
    {%- for word in words %}
    select
        '{{ word }}' as cost_type,
        applies_to,
        happened_date,
        revenue
    from {{ relation }}
    where missing_costs like '%{{ word }}%'
    {{ 'union all' if not (loop.last and last_relation) }}
    {% endfor %}
    {%- endfor %}

),

final as (

    select
        cost_type,
        applies_to,
        count(*) as record_count,
        cast(sum(revenue) as decimal(18, 2)) as revenue,
        min(happened_date) as first_date,
        max(happened_date) as last_date

    from unioned
    group by cost_type, applies_to

)

select * from final
