-- Grain: one row per fitted model: whether its parameters may score these data on as_of_date, and if not, why.
-- Parameters are valid only for the data they were fitted on, not for those of another retailer, a demo or an earlier
-- date.
with cards as (

    select * from {{ ref('model_cards') }}

),

-- What the fit itself found wrong in its evidence: a doubt, or that its scores rank customers but are no probabilities.
findings as (

    select
        model_key,
        fit_id,
        max(case when section = 'doubt' then value end) as doubt,
        max(case when section = 'ranking only' then value end) as ranking_only_reason

    from {{ ref('model_card_figures') }}
    where section in ('doubt', 'ranking only')
    group by model_key, fit_id

),

-- The orders up to the date of the fit, as known now; gross revenue, as later returns do not change it.
observed as (

    select
        cards.model_key,
        count(orders.ordered_date) as order_count,
        coalesce(sum(orders.gross_revenue), 0) as revenue

    from cards
    left join {{ ref('orders') }} as orders
        on cards.as_of_date >= orders.ordered_date
            and orders.is_counted
    group by cards.model_key

),

compared as (

    select
        cards.*,
        observed.order_count,
        observed.revenue,
        abs(observed.order_count - cards.fingerprint_orders)
        <= greatest(5, {{ var('model_fingerprint_tolerance') }} * cards.fingerprint_orders) as orders_agree,
        abs(cast(observed.revenue as double) - cards.fingerprint_revenue)
        <= greatest(500, {{ var('model_fingerprint_tolerance') }} * abs(cards.fingerprint_revenue)) as revenue_agrees

    from cards
    inner join observed
        on cards.model_key = observed.model_key

),

classified as (

    select
        *,
        case
            when world_kind <> {{ text_literal(run_setting('kind')) }}
                then concat_ws(
                        '', 'fitted on ', world_kind, ' data, but these are ',
                        {{ text_literal(run_setting('kind')) }}, ' data'
                    )
            when reporting_currency <> {{ text_literal(reporting_currency()) }}
                then concat_ws('', 'fitted on amounts in ', reporting_currency)
            when as_of_date > {{ as_of_date() }} and not {{ var('allow_later_parameters') }}
                then concat_ws(
                        '', 'fitted on data up to ',
                        cast(as_of_date as {{ dbt.type_string() }}),
                        ', after as_of_date'
                    )
            when as_of_date <= {{ as_of_date() }} and not (orders_agree and revenue_agrees)
                then concat_ws(
                        '', 'fitted on other data: ', cast(fingerprint_orders as {{ dbt.type_string() }}), ' orders worth ',
                        cast(cast(round(fingerprint_revenue) as bigint) as {{ dbt.type_string() }}), ' up to ',
                        cast(as_of_date as {{ dbt.type_string() }}), ', but here ',
                        cast(order_count as {{ dbt.type_string() }}), ' worth ',
                        cast(cast(round(revenue) as bigint) as {{ dbt.type_string() }})
                    )
        end as other_data_reason

    from compared

),

final as (

    select
        cast(classified.model_key as {{ dbt.type_string() }}) as model_key,
        cast(classified.fit_id as {{ dbt.type_string() }}) as fit_id,
        as_of_date as fitted_date,
        review_date,
        case
            when other_data_reason is not null then 'other_data'
            when not is_usable then 'not_usable'
            when findings.ranking_only_reason is not null then 'ranking_only'
            else 'usable'
        end as status,
        case
            when other_data_reason is not null then other_data_reason
            when not is_usable then summary
            when findings.ranking_only_reason is not null
                then concat_ws('', 'only ranks customers: ', findings.ranking_only_reason)
        end as reason,
        cast(findings.doubt as {{ dbt.type_string() }}) as doubt

    from classified
    left join findings
        on classified.model_key = findings.model_key
            and classified.fit_id = findings.fit_id

)

select * from final
