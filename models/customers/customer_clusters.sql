-- Grain: one row per buyer who is a person and may be profiled, with the nearest cluster; none without usable centres.
-- Centres are read when the model is compiled: features stay columns and one pass over the buyers is enough, whereas a
-- join to the seed would yield buyers x clusters x features rows.
{%- set fitted = clustering() %}
{%- set squares = [] %}
{%- for cluster in fitted.clusters %}{% do squares.append('square_' ~ loop.index) %}{% endfor %}
with standardised as (

    select
        buyers.customer_id,
        {% for feature in fitted.features %}
        {{ cluster_feature_score(feature) }} as z_{{ loop.index }},
        {% endfor %}
        buyers.as_of_date

    from {{ ref('int_prediction_inputs') }} as buyers
    inner join {{ ref('int_model_status') }} as models
        on models.model_key = 'clusters'
            and models.status = 'usable'
            and models.fit_id = {{ text_literal(fitted.fit_id) }}
    where buyers.customer_type = 'person'

),

distances as (

    select
        customer_id,
        {% for cluster in fitted.clusters %}
        {{ squared_distance(fitted, cluster) }} as square_{{ loop.index }},
        {% endfor %}
        as_of_date

    from standardised

),

nearest as (

    select
        *,
        -- Among ties, the first.
        case least({{ squares | join(', ') }})
            {%- for square in squares %}
            when {{ square }} then {{ loop.index }}
            {%- endfor %}
        end as nearest_number,
        least({{ squares | join(', ') }}) as nearest_square

    from distances

),

seconds as (

    select
        *,
        least(
            {%- for square in squares %}
            case when nearest_number <> {{ loop.index }} then {{ square }} end{{ ',' if not loop.last }}
            {%- endfor %}
        ) as second_square

    from nearest

),

named as (

    select
        customer_id,
        as_of_date,
        case nearest_number
            {%- for cluster in fitted.clusters %}
            when {{ loop.index }} then {{ text_literal(cluster.key) }}
            {%- endfor %}
        end as cluster_key,
        case nearest_number
            {%- for cluster in fitted.clusters %}
            when {{ loop.index }} then {{ text_literal(cluster.name) }}
            {%- endfor %}
        end as cluster_name,
        sqrt(nearest_square) as distance,
        case
            {%- for cluster in fitted.clusters %}
            when nearest_number <> {{ loop.index }} and square_{{ loop.index }} = second_square
                then {{ text_literal(cluster.key) }}
            {%- endfor %}
        end as second_cluster_key,
        sqrt(second_square) as second_distance

    from seconds

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

    from named

)

select * from final
