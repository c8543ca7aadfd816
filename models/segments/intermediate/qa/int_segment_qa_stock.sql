-- Grain: one row per segment and plan: can the promoted products be sold, and does the stock cover the expected demand?
with measured as (

    select
        audiences.segment_key,
        audiences.plan_key,
        plans.product_count,
        plans.in_stock_count,
        plans.missing_sku,
        plans.available_units,
        plans.counted_count,
        limits.stock_demand_warn_share,
        limits.stock_demand_fail_share,
        audiences.audience_count * limits.stock_units_per_buyer
        * coalesce(
            audiences.baseline_rate + coalesce(audiences.minimum_detectable_effect, 0), limits.stock_response_rate
        ) as demand_units

    from {{ ref('int_segment_qa_audiences') }} as audiences
    cross join {{ ref('int_qa_limits') }} as limits
    left join {{ ref('int_campaign_plans') }} as plans
        on audiences.plan_key = plans.plan_key

),

classified as (

    select
        *,
        case
            when counted_count = 0 then 1
            when in_stock_count = 0 then 2
            else greatest(
                {{ qa_severity(
                    'demand_units', 'stock_demand_warn_share * available_units', 'stock_demand_fail_share * available_units'
                ) }},
                    case when in_stock_count < product_count then 1 else 0 end
                )
        end as severity

    from measured

),

explained as (

    select
        segment_key,
        plan_key,
        case when product_count is null then 'not_applicable' else {{ qa_status('severity') }} end as status,
        case
            when product_count is null then 'not measured'
            else concat_ws(
                    '', in_stock_count, ' of ', product_count, ' products available, ', {{ count_text('available_units') }},
                    ' units'
                )
        end as observed,
        case
            when product_count is null then 'no products promoted'
            else concat_ws('', 'demand of about ', {{ count_text('demand_units') }}, ' units')
        end as expected,
        concat_ws(
            '', 'fails with no stock, or demand above ', {{ share_text('stock_demand_fail_share') }}, ' of the stock'
        ) as threshold,
        case
            when product_count is null then 'no plan that promotes products'
            when counted_count = 0 then 'the stock of the promoted products is not known'
            when in_stock_count = 0 then 'none of the promoted products can be sold; promote others, or wait'
            when demand_units > stock_demand_warn_share * available_units
                then 'demand is close to or above the stock; narrow the audience, or promote more products'
            when in_stock_count < product_count
                then concat_ws('', 'some promoted products cannot be sold, such as ', missing_sku, '; drop them')
            else 'all promoted products can be sold and the stock suffices'
        end as explanation

    from classified

)

select * from explained
