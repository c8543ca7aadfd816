-- Grain: one row per customer of customer_rfm, with the nearest cluster centre; no rows without centres of these data.
{% set features = ['recency_days', 'frequency', 'monetary', 'contribution_margin'] %}
{% set kind = run_setting('kind', 'own') %}
{% if execute and ref('cluster_centres').schema and load_relation(ref('cluster_centres')) is not none -%}
    {% set others = run_query(
        "select distinct world_kind from " ~ ref('cluster_centres') ~ " where world_kind <> '" ~ kind ~ "'"
    ) -%}
    {% if others.rows | length > 0 -%}
        {% do log(
            "cluster_centres: made from '" ~ others.rows[0][0] ~ "' data, these are '" ~ kind
            ~ "'; nobody gets a cluster until `python -m scripts cluster` is run on these", info=true
        ) -%}
    {% endif -%}
{% endif -%}
with customers as (

    select * from {{ ref('customer_rfm') }}

),

margins as (

    select * from {{ ref('customer_margin') }}

),

-- Centres made from another kind of data say nothing about these customers.
centres as (

    select
        cluster_key,
        cluster_name,
        feature,
        cast(centre as double) as centre,
        cast(winsor_low as double) as winsor_low,
        cast(winsor_high as double) as winsor_high,
        cast(log_mean as double) as log_mean,
        cast(log_sd as double) as log_sd

    from {{ ref('cluster_centres') }}
    where world_kind = '{{ kind }}'

),

buyers as (

    select
        customers.customer_id,
        customers.as_of_date,
        customers.recency_days,
        customers.frequency,
        customers.monetary,
        coalesce(margins.contribution_margin, 0) as contribution_margin

    from customers
    left join margins
        on customers.customer_id = margins.customer_id

),

feature_values as (

    {% for feature in features %}
    select
        customer_id,
        as_of_date,
        '{{ feature }}' as feature,
        cast({{ feature }} as double) as feature_value

    from buyers
    {% if not loop.last %}
    union all
    {% endif %}
    {% endfor %}

),

distances as (

    select
        feature_values.customer_id,
        feature_values.as_of_date,
        centres.cluster_key,
        centres.cluster_name,
        sqrt(sum(power(
            (
                ln(
                    1
                    + least(greatest(feature_values.feature_value, centres.winsor_low), centres.winsor_high)
                    - centres.winsor_low
                ) - centres.log_mean
            ) / centres.log_sd - centres.centre,
            2
        ))) as distance

    from feature_values
    inner join centres
        on feature_values.feature = centres.feature
    group by
        feature_values.customer_id, feature_values.as_of_date, centres.cluster_key, centres.cluster_name

),

ranked as (

    select
        *,
        row_number() over (partition by customer_id order by distance, cluster_key) as nearness

    from distances

),

nearest as (

    select
        customer_id,
        as_of_date,
        cast(cluster_key as {{ dbt.type_string() }}) as cluster_key,
        cast(cluster_name as {{ dbt.type_string() }}) as cluster_name,
        distance

    from ranked
    where nearness = 1

)

select * from nearest
