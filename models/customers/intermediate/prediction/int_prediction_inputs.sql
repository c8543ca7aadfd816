-- Grain: one row per customer who may be profiled and bought: what models may learn from and score, numbers as double.
with purchases as (

    select * from {{ ref('int_customer_purchases') }}

),

joined as (

    select
        purchases.customer_id,
        purchases.as_of_date,
        purchases.customer_type,
        purchases.country_code,
        purchases.first_order_channel,
        {% for relation, columns in prediction_inputs().items() %}
        {% for column in columns %}
        cast({{ relation }}.{{ column }} as double) as {{ column }},
        {% endfor %}
        {% endfor %}
        -- Bands are what survives of a birth date here; their middle stands for the age.
        cast(
            case int_features_demographics.age_band
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
    {% for relation in prediction_inputs() %}
    left join {{ ref(relation) }} as {{ relation }}
        on purchases.customer_id = {{ relation }}.customer_id
    {% endfor %}

)

select * from joined
