-- Grain: one row per combination of the values of all dimensions that some person has. Persons who may be profiled.
{%- set dimensions = demographic_dimensions() %}
with persons as (

    select
        {% for dimension, missing in dimensions.items() -%}
        coalesce({{ dimension }}, '{{ missing }}') as {{ dimension }},
        {% endfor -%}
        -- Who moved the revenue of the year, by buying or by sending back.
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

    from persons
    group by {{ dimensions | join(', ') }}

)

select * from grouped
