-- Grain: one row per campaign plan that has not ended by as_of_date, typed.
-- depends_on: {{ ref('int_catalogue_name_violations') }}
-- depends_on: {{ ref('int_campaign_plan_violations') }}
{%- do stop_on_seed_violations(['campaign_plans']) %}
{%- for violations in [ref('int_campaign_plan_violations'), ref('int_catalogue_name_violations')] %}
{%- do stop_on_rule_errors(
    violations, 'campaign_plans has {count} fault(s); mend the seed', "seed_name = 'campaign_plans'"
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
        try_cast(trim(starts_on) as date) as starts_on,
        try_cast(nullif(trim(ends_on), '') as date) as ends_on,
        {{ whole_number('expected_count_low') }} as expected_count_low,
        {{ whole_number('expected_count_high') }} as expected_count_high,
        cast({{ decimal_number('holdout_share') }} as double) as holdout_share,
        cast({{ decimal_number('baseline_rate') }} as double) as baseline_rate,
        cast({{ decimal_number('minimum_detectable_effect') }} as double) as minimum_detectable_effect,
        trim(owner) as owner

    from {{ ref('campaign_plans') }}

),

open_plans as (

    select * from typed
    where ends_on is null or ends_on >= {{ as_of_date() }}

)

select * from open_plans
