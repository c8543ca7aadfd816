-- Grain: one row per customer who may be profiled: every attribute that a segment rule may use.
-- Each theme has a row for every customer, with columns named and typed as here; this model only joins them. The list
-- of columns is in _customer_features.yml alone.
with customers as (

    select customer_id from {{ ref('int_profiled_customers') }}

),

rfm as (

    select
        customer_id,
        r_score,
        f_score,
        m_score,
        cast(r_score + f_score + m_score as int) as rfm_score,
        rfm_group

    from {{ ref('customer_rfm') }}

),

adoption as (

    select
        customer_id,
        adoption_propensity

    from {{ ref('int_customer_adoption') }}
    where is_shown_target

),

joined as (

    select
        customers.customer_id,
        {%- for column in customer_feature_names() if column not in ('customer_id', 'as_of_date') %}
        {{ column }},
        {%- endfor %}
        {{ as_of_date() }} as as_of_date

    from customers
    {% for theme in [
        'demographics', 'orders', 'lifecycle', 'money', 'prices', 'returns', 'categories', 'next_purchases',
        'behaviour', 'engagement', 'service', 'loyalty'
    ] %}
    left join {{ ref('int_features_' ~ theme) }} as {{ theme }}
        on customers.customer_id = {{ theme }}.customer_id
    {% endfor %}
    -- Their columns are selected by the loop above, which the linter does not see.
    left join rfm  -- noqa: ST11
        on customers.customer_id = rfm.customer_id
    left join {{ ref('int_customer_reachability') }} as reachability
        on customers.customer_id = reachability.customer_id
    left join {{ ref('customer_value') }} as value
        on customers.customer_id = value.customer_id
    left join adoption  -- noqa: ST11
        on customers.customer_id = adoption.customer_id

)

select * from joined
