-- Grain: one row per customer who may be profiled and bought: the inputs for fitting and scoring, numbers as double.
-- The attributes are those with model_input in the meta of their column in _customer_features.yml.
with purchases as (

    select
        customer_id,
        as_of_date,
        customer_type,
        country_code,
        first_order_channel,
        purchase_day_count

    from {{ ref('int_customer_purchases') }}

),

joined as (

    select
        purchases.customer_id,
        purchases.as_of_date,
        purchases.customer_type,
        purchases.country_code,
        purchases.first_order_channel,
        {%- for column in customer_feature_names('model_input') %}
        cast({{ column }} as double) as {{ column }},
        {%- endfor %}
        -- Only the age band is available here, not the birth date; its middle stands for the age.
        cast(
            case demographics.age_band
                when '16-24' then 20
                when '25-34' then 30
                when '35-44' then 40
                when '45-54' then 50
                when '55-64' then 60
                when '65+' then 70
            end
            as double
        ) as age_band_middle,
        cast(purchases.purchase_day_count as double) as purchase_day_count

    from purchases
    {% for theme in [
        'demographics', 'orders', 'lifecycle', 'money', 'prices', 'returns', 'categories', 'behaviour', 'engagement',
        'service', 'loyalty'
    ] %}
    left join {{ ref('int_features_' ~ theme) }} as {{ theme }}
        on purchases.customer_id = {{ theme }}.customer_id
    {% endfor %}

)

select * from joined
