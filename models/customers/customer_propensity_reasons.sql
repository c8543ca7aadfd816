-- Grain: one row per propensity model, customer and reason: the three attributes that distinguish the customer most.
with contributions as (

    select * from {{ ref('int_propensity_contributions') }}

),

-- What all customers share explains no individual score. Rounded, so that the order of summation cannot decide a rank.
against_average as (

    select
        *,
        round(contribution - avg(contribution) over (partition by model_key, attribute_name), 9) as difference

    from contributions

),

ranked as (

    select
        *,
        row_number() over (
            partition by model_key, customer_id
            order by abs(difference) desc, attribute_name
        ) as reason_rank

    from against_average

),

phrases as (

    select * from {{ ref('model_inputs') }}

),

final as (

    select
        cast(ranked.model_key as {{ dbt.type_string() }}) as model_key,
        ranked.customer_id,
        {{ as_of_date() }} as as_of_date,
        cast(ranked.reason_rank as bigint) as reason_rank,
        cast(ranked.attribute_name as {{ dbt.type_string() }}) as attribute_name,
        ranked.attribute_value,
        ranked.difference as log_odds_difference,
        ranked.difference > 0 as is_raising,
        cast(
            case
                when ranked.attribute_value is null
                    then concat_ws('', 'unknown: ', replace(ranked.attribute_name, '_', ' '))
                when ranked.standard_value >= 0 then coalesce(phrases.high_words, ranked.attribute_name)
                else coalesce(phrases.low_words, ranked.attribute_name)
            end as {{ dbt.type_string() }}
        ) as reason

    from ranked
    left join phrases
        on {{ split_model_key('ranked.model_key') }} = phrases.model_key
            and ranked.attribute_name = phrases.attribute_name
    where ranked.reason_rank <= 3

)

select * from final
