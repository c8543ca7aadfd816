-- Grain: one row per customer covered by the purchase model: expected orders, value per order, and predicted value.
{%- set horizons = clv_horizons() %}
{%- set year = horizons | last %}
with alive as (

    select
        customers.customer_id,
        customers.as_of_date,
        customers.purchase_day_count as n,
        parameters.bg_nbd_r + customers.repeat_count as k,
        parameters.bg_nbd_alpha + cast(customers.observed_days as double) / 7 as weeks,
        {{ bg_nbd_p_alive(
            'customers.repeat_count', 'cast(customers.last_purchase_age_days as double) / 7',
            'cast(customers.observed_days as double) / 7',
            'parameters.bg_nbd_r', 'parameters.bg_nbd_alpha', 'parameters.bg_nbd_a', 'parameters.bg_nbd_b',
            'parameters.bg_nbd_leaves_after_first'
        ) }} as p_alive,
        {%- for days in horizons %}
        expected.orders_{{ days }}d,
        {%- endfor %}
        expected.order_pairs_{{ year }}d,
        {{ gamma_gamma_mean(
            'customers.purchase_day_count', 'customers.mean_purchase_value',
            'parameters.spend_revenue_p', 'parameters.spend_revenue_q', 'parameters.spend_revenue_v'
        ) }} as expected_order_value,
        {{ gamma_gamma_mean(
            'customers.purchase_day_count', 'customers.mean_purchase_margin',
            'parameters.spend_margin_p', 'parameters.spend_margin_q', 'parameters.spend_margin_v'
        ) }} * parameters.scope_contribution_ratio as expected_order_margin,
        -- Uncertainty of the mean: E[mean squared] over E[mean] squared.
        (parameters.spend_revenue_p * customers.purchase_day_count + parameters.spend_revenue_q - 1)
        / greatest(
            parameters.spend_revenue_p * customers.purchase_day_count + parameters.spend_revenue_q - 2, 0.1
        ) as mean_spread,
        parameters.spend_revenue_p as p

    from {{ ref('int_clv_customers') }} as customers
    inner join {{ ref('int_clv_parameters') }} as parameters
        on customers.cohort = parameters.cohort
    inner join {{ ref('int_clv_expected_orders') }} as expected
        on customers.cohort = expected.cohort
            and customers.repeat_count = expected.repeat_count
            and customers.observed_days = expected.observed_days
    where customers.value_scope = 'modelled'

),

-- Earlier value is worth more: the orders of each quarter are discounted from its middle.
discounted as (

    select
        alive.*,
        {%- for days in horizons %}
        p_alive * orders_{{ days }}d as expected_orders_{{ days }}d,
        {%- endfor %}
        1 - p_alive * (1 - power(weeks / (weeks + {{ year }} / cast(7 as double)), k)) as p_no_order,
        p_alive * (
            {%- for days in horizons %}
            {%- set before = horizons[loop.index0 - 1] if not loop.first else 0 %}
            {{ '+ ' if not loop.first }}(orders_{{ days }}d{{ ' - orders_' ~ before ~ 'd' if before }})
            * power(1 + {{ var('clv_annual_discount_rate') }}, -{{ (days + before) / 2 }} / cast(365 as double))
            {%- endfor %}
        ) as discounted_orders

    from alive

),

-- A point mass at no order, and else a gamma distribution with the mean and variance given at least one order: its
-- relative variance, and quantiles as the cube of normal ones (Wilson and Hilferty 1931).
spread as (

    select
        discounted.*,
        expected_order_value * discounted_orders as predicted_value,
        greatest(
            (1 - p_no_order) * mean_spread
            * (
                expected_orders_{{ year }}d / p + p_alive * order_pairs_{{ year }}d + expected_orders_{{ year }}d
            ) / power(expected_orders_{{ year }}d, 2) - 1, 0
        ) / 9 as ninth_of_variance

    from discounted

),

final as (

    select
        customer_id,
        p_alive,
        {%- for days in horizons %}
        expected_orders_{{ days }}d,
        {%- endfor %}
        expected_order_value,
        expected_order_margin,
        predicted_value as predicted_value_12m,
        expected_order_margin * discounted_orders as predicted_margin_12m,
        {%- for name, quantile in {'low': 0.1, 'high': 0.9}.items() %}
        case
            when p_no_order >= {{ quantile }} then 0
            else predicted_value / (1 - p_no_order) * power(
                    greatest(
                        1 - ninth_of_variance + sqrt(ninth_of_variance)
                        * {{ normal_quantile('((' ~ quantile ~ ' - p_no_order) / (1 - p_no_order))') }}, 0
                    ), 3
                )
        end as predicted_value_12m_{{ name }},
        {%- endfor %}
        case
            when 1 - p_no_order >= 0.5
                then cast(as_of_date + cast(ceil(7 * weeks * (power(1 - 0.5 / p_alive, -1 / k) - 1)) as int) as date)
        end as expected_next_order_date

    from spread

)

select * from final
