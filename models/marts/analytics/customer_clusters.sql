-- Grain: one row per buyer who is a person and may be profiled, with the nearest cluster; no rows without usable centres.
{#- Centres are read when the model is compiled, as rules are: features stay columns and one pass over the customers does,
    where a join to the seed would make customers x clusters x features rows. -#}
{%- set found = clustering() %}
with buyers as (

    select * from {{ ref('int_prediction_inputs') }}
    where customer_type = 'person'

),

usable as (

    select fit_id from {{ ref('int_model_status') }}
    where model_key = 'clusters' and status = 'usable'

),
{% if found %}
standardised as (

    select
        buyers.customer_id,
        buyers.as_of_date
        {%- for feature in found.features %},
        {{ cluster_feature_score(feature) }} as z_{{ loop.index }}
        {%- endfor %}

    from buyers
    inner join usable
        on usable.fit_id = {{ text_literal(found.fit_id) }}

),

squares as (

    select
        customer_id,
        as_of_date
        {%- for cluster in found.clusters %},
        {{ squared_distance(found, cluster) }} as square_{{ loop.index }}
        {%- endfor %}

    from standardised

),

nearest as (

    select
        *,
        -- The first of equally near ones.
        case least({% for cluster in found.clusters %}square_{{ loop.index }}{{ ', ' if not loop.last }}{% endfor %})
            {%- for cluster in found.clusters %}
            when square_{{ loop.index }} then {{ loop.index }}
            {%- endfor %}
        end as nearest_number

    from squares

),

seconds as (

    select
        *,
        least(
            {%- for cluster in found.clusters %}
            case when nearest_number <> {{ loop.index }} then square_{{ loop.index }} end{{ ',' if not loop.last }}
            {%- endfor %}
        ) as second_square

    from nearest

),

assigned as (

    select
        customer_id,
        as_of_date,
        case nearest_number
            {%- for cluster in found.clusters %}
            when {{ loop.index }} then {{ text_literal(cluster.key) }}
            {%- endfor %}
        end as cluster_key,
        case nearest_number
            {%- for cluster in found.clusters %}
            when {{ loop.index }} then {{ text_literal(cluster.name) }}
            {%- endfor %}
        end as cluster_name,
        sqrt(case nearest_number
            {%- for cluster in found.clusters %}
            when {{ loop.index }} then square_{{ loop.index }}
            {%- endfor %}
        end) as distance,
        case
            {%- for cluster in found.clusters %}
            when nearest_number <> {{ loop.index }} and square_{{ loop.index }} = second_square
                then {{ text_literal(cluster.key) }}
            {%- endfor %}
        end as second_cluster_key,
        sqrt(second_square) as second_distance

    from seconds

),
{% else %}
assigned as (

    select
        buyers.customer_id,
        buyers.as_of_date,
        cast(null as {{ dbt.type_string() }}) as cluster_key,
        cast(null as {{ dbt.type_string() }}) as cluster_name,
        cast(null as double) as distance,
        cast(null as {{ dbt.type_string() }}) as second_cluster_key,
        cast(null as double) as second_distance

    from buyers
    inner join usable
        on 1 = 0

),
{% endif %}
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

    from assigned

)

select * from final
