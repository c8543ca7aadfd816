-- Grain: one row per campaign plan that has not ended by as_of_date, typed, with the supply of what it promotes.
-- depends_on: {{ ref('int_catalogue_name_violations') }}
-- depends_on: {{ ref('int_campaign_plan_violations') }}
{%- do stop_on_seed_violations(['campaign_plans']) %}
{%- for violations in [ref('int_campaign_plan_violations'), ref('int_catalogue_name_violations')] %}
{%- do stop_on_rule_errors(
    violations, 'campaign_plans has {count} error(s); fix the seed', "seed_name = 'campaign_plans'"
) %}
{%- endfor %}
with typed as (

    select
        trim(plan_key) as plan_key,
        trim(segment_key) as segment_key,
        lower(trim(channel)) as channel,
        cast({{ decimal_number('planned_discount_rate') }} as double) as planned_discount_rate,
        nullif(trim(products), '') as products,
        nullif(trim(categories), '') as categories,
        try_cast(nullif(trim(ends_on), '') as date) as ends_on,
        {{ whole_number('expected_count_low') }} as expected_count_low,
        {{ whole_number('expected_count_high') }} as expected_count_high,
        cast({{ decimal_number('holdout_share') }} as double) as holdout_share,
        cast({{ decimal_number('baseline_rate') }} as double) as baseline_rate,
        cast({{ decimal_number('minimum_detectable_effect') }} as double) as minimum_detectable_effect

    from {{ ref('campaign_plans') }}

),

open_plans as (

    select * from typed
    where ends_on is null or ends_on >= {{ as_of_date() }}

),

promoted as (

    {% for column, name in [('products', 'sku'), ('categories', 'category')] %}
    select
        plan_key,
        '{{ name }}' as named_by,
        {{ split_to_rows(column) }} as raw_item

    from open_plans
    where {{ column }} is not null
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

-- A product that two items name counts once.
plan_products as (

    select distinct
        promoted.plan_key,
        coalesce(products.sku, trim(promoted.raw_item)) as sku,
        products.is_in_stock,
        products.available_units

    from promoted
    left join {{ ref('products') }} as products
        on
            (promoted.named_by = 'sku' and products.sku = trim(promoted.raw_item))
            or (promoted.named_by = 'category' and products.category = trim(promoted.raw_item))

),

supply as (

    select
        plan_key,
        count(*) as product_count,
        sum(case when is_in_stock then 1 else 0 end) as in_stock_count,
        min(case when not coalesce(is_in_stock, false) then sku end) as missing_sku,
        sum(case when is_in_stock then available_units else 0 end) as available_units,
        count(available_units) as counted_count

    from plan_products
    group by plan_key

),

joined as (

    select
        open_plans.plan_key,
        open_plans.segment_key,
        open_plans.channel,
        open_plans.planned_discount_rate,
        open_plans.expected_count_low,
        open_plans.expected_count_high,
        open_plans.holdout_share,
        open_plans.baseline_rate,
        open_plans.minimum_detectable_effect,
        supply.product_count,
        supply.in_stock_count,
        supply.missing_sku,
        supply.available_units,
        supply.counted_count,
        open_plans.ends_on

    from open_plans
    left join supply
        on open_plans.plan_key = supply.plan_key

)

select * from joined
