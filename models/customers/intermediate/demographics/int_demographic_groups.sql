-- Grain: one row per combination of values of all dimensions that occurs. Covers people who may be profiled.
{%- set dimensions = demographic_dimensions() %}
with people as (

    select
        {% for dimension, missing in dimensions.items() -%}
        coalesce({{ dimension }}, '{{ missing }}') as {{ dimension }},
        {% endfor -%}
        -- Customers who contributed to the revenue of the year, by buying or by returning goods.
        case when order_count_365d > 0 or net_revenue_365d <> 0 then 1 else 0 end as is_buyer,
        net_revenue_365d

    from {{ ref('customer_features') }}
    where customer_type = 'person'

),

grouped as (

    select
        {% for dimension in dimensions -%}
        {{ dimension }},
        {% endfor -%}
        count(*) as customer_count,
        sum(is_buyer) as buyer_count,
        sum(net_revenue_365d) as net_revenue_365d

    from people
    group by {{ dimensions | join(', ') }}

)

select * from grouped
