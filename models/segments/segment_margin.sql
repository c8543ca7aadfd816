-- Grain: one row per active segment, even without members: revenue, costs and margin of its members on as_of_date, over
-- all history and the last 365 days. Segments overlap, so they do not add up to the company.
{%- set sums = margin_amounts() + ['product_revenue', 'revenue_with_known_cost'] %}
with definitions as (

    select segment_key from {{ ref('int_segment_definitions') }}
    where effective_status = 'active'

),

memberships as (

    select * from {{ ref('segment_memberships') }}

),

margins as (

    select * from {{ ref('customer_margin') }}

),

last_year as (

    select
        customer_id,
        {{ sums_of(margin_amounts()) }}

    from {{ ref('int_customer_margin_daily') }}
    where {{ within_window('activity_date', 365) }}
    group by customer_id

),

totals as (

    select
        definitions.segment_key,
        count(memberships.customer_id) as customer_count,
        count(margins.customer_id) as customer_with_margin_count,
        {%- for amount in sums %}
        coalesce(sum(margins.{{ amount }}), 0) as {{ amount }},
        {%- endfor %}
        {%- for amount in margin_amounts() %}
        coalesce(sum(last_year.{{ amount }}), 0) as {{ amount ~ '_365d' }},
        {%- endfor %}
        {{ all_missing_costs('margins.missing_costs') }} as missing_costs

    from definitions
    left join memberships
        on definitions.segment_key = memberships.segment_key
    left join margins
        on memberships.customer_id = margins.customer_id
    left join last_year
        on memberships.customer_id = last_year.customer_id
    group by definitions.segment_key

),

final as (

    select
        {{ as_of_date() }} as as_of_date,
        segment_key,
        customer_count,
        customer_with_margin_count,
        {%- for window in ['', '_365d'] %}
        {%- for amount in margin_amounts() %}
        cast({{ amount ~ window }} as decimal(18, 2)) as {{ amount ~ window }},
        {%- endfor %}
        cast({{ 'contribution_margin' ~ window }} as double)
        / nullif(cast({{ 'net_revenue' ~ window }} as double), 0) as {{ 'contribution_margin_rate' ~ window }},
        cast({{ 'contribution_margin' ~ window }} as double)
        / nullif(cast(customer_count as double), 0) as {{ 'margin_per_customer' ~ window }},
        {%- endfor %}
        cast(revenue_with_known_cost as double) / nullif(cast(product_revenue as double), 0) as cost_coverage,
        missing_costs

    from totals

)

select * from final
