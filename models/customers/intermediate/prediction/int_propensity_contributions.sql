-- Grain: one row per propensity model (churn, adoption), covered customer and attribute: what the attribute adds to the
-- log-odds, and the resulting probability; of a model that only ranks, the share of its customers who rank lower.
{%- set names = prediction_input_names() + ['target_view_count_90d', 'target_affinity_lift'] %}
with terms as (
    {% for seed in ['churn_parameters', 'adoption_parameters'] %}
    select
        parameters.model_key,
        parameters.attribute_name,
        parameters.term_kind,
        {% for column in ['winsor_low', 'winsor_high', 'centre', 'spread', 'knot', 'missing_value', 'coefficient'] %}
        cast(parameters.{{ column }} as double) as {{ column }},
        {% endfor %}
        parameters.scale,
        models.status = 'ranking_only' as is_ranking_only

    from {{ ref(seed) }} as parameters
    inner join {{ ref('int_model_status') }} as models
        on parameters.model_key = models.model_key
            and parameters.fit_id = models.fit_id
            and models.status in ('usable', 'ranking_only')
    where parameters.term_kind = 'intercept' or parameters.attribute_name in ({{ literal_list(names) }})
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

-- Churn covers people who have not lapsed yet; for the others it is too late to predict.
covered as (

    select
        'churn' as model_key,
        customer_id,
        cast(null as double) as target_view_count_90d,
        cast(null as double) as target_affinity_lift

    from {{ ref('int_prediction_inputs') }}
    where customer_type = 'person' and days_since_last_order <= {{ var('churn_active_days') }}

    union all

    select
        model_key,
        customer_id,
        target_view_count_90d,
        target_affinity_lift

    from {{ ref('int_adoption_candidates') }}

),

attribute_values as (

    select
        covered.model_key,
        covered.customer_id,
        attributes.attribute_name,
        case attributes.attribute_name
            when 'target_view_count_90d' then covered.target_view_count_90d
            when 'target_affinity_lift' then covered.target_affinity_lift
            else {{ prediction_input_value('attributes.attribute_name', 'inputs') }}
        end as attribute_value

    from (select distinct model_key, attribute_name from terms) as attributes
    inner join covered
        on attributes.model_key = covered.model_key
    inner join {{ ref('int_prediction_inputs') }} as inputs
        on covered.customer_id = inputs.customer_id

),

contributions as (

    select
        attribute_values.model_key,
        attribute_values.customer_id,
        attribute_values.attribute_name,
        max(attribute_values.attribute_value) as attribute_value,
        max({{ standard_score('attribute_values.attribute_value', 'terms') }}) as standard_value,
        sum({{ term_contribution('attribute_values.attribute_value', 'terms') }}) as contribution,
        max(intercepts.coefficient) as intercept,
        bool_or(terms.is_ranking_only) as is_ranking_only

    from attribute_values
    inner join terms
        on attribute_values.model_key = terms.model_key
            and attribute_values.attribute_name = terms.attribute_name
    left join terms as intercepts
        on attribute_values.model_key = intercepts.model_key
            and intercepts.term_kind = 'intercept'
    group by attribute_values.model_key, attribute_values.customer_id, attribute_values.attribute_name

),

scored as (

    select
        *,
        {{ logistic('(intercept + sum(contribution) over (partition by model_key, customer_id))') }} as score
    from contributions

),

-- Rounded, so that the order of summation cannot decide a rank.
final as (

    select
        *,
        case
            when is_ranking_only
                then percent_rank() over (partition by model_key, attribute_name order by round(score, 12) nulls last)
            else score
        end as propensity

    from scored

)

select * from final
