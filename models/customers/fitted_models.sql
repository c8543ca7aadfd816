-- Grain: one row per fitted model: what it was fitted on, a summary of its evidence, and its health today.
with cards as (

    select * from {{ ref('model_cards') }}

),

models as (

    select * from {{ ref('int_model_status') }}

),

health as (

    select
        model_key,
        max(case status when 'red' then 3 when 'yellow' then 2 else 1 end) as severity

    from {{ ref('model_health') }}
    group by model_key

),

final as (

    select
        cast(cards.model_key as {{ dbt.type_string() }}) as model_key,
        {{ as_of_date() }} as as_of_date,
        cast(cards.model_name as {{ dbt.type_string() }}) as model_name,
        cast(cards.fit_id as {{ dbt.type_string() }}) as fit_id,
        cards.as_of_date as fitted_date,
        cards.data_from as data_from_date,
        cards.label_days,
        cards.customer_count,
        cards.review_date,
        models.status,
        case health.severity when 3 then 'red' when 2 then 'yellow' else 'green' end as health,
        cast(coalesce(models.reason, cards.summary) as {{ dbt.type_string() }}) as summary

    from cards
    inner join models
        on cards.model_key = models.model_key
    left join health
        on cards.model_key = health.model_key

)

select * from final
