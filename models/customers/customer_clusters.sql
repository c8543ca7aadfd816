-- Grain: one row per buyer who is a person and may be profiled, with the nearest cluster; none without usable centres.
with buyers as (

    select * from {{ ref('int_prediction_inputs') }}
    where customer_type = 'person'

),

usable_models as (

    select * from {{ ref('int_model_status') }}
    where model_key = 'clusters' and status = 'usable'

),

usable_buyers as (

    select
        buyers.*,
        usable_models.fit_id

    from buyers
    cross join usable_models

),

nearest as (
    {{ nearest_clusters_sql('usable_buyers', clustering()) }}

),

final as (

    select
        customer_id,
        as_of_date,
        cast(cluster_key as {{ dbt.type_string() }}) as cluster_key,
        cast(cluster_name as {{ dbt.type_string() }}) as cluster_name,
        distance,
        cast(second_cluster_key as {{ dbt.type_string() }}) as second_cluster_key,
        second_distance,
        case when second_distance > 0 then 1 - distance / second_distance else 0 end as clarity

    from nearest

)

select * from final
