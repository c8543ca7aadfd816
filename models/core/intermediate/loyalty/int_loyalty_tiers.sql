-- Grain: one row per tier of the loyalty programme, the lowest first.
-- A view: a handful of rows of a seed.
{{ config(materialized='view') }}
{%- do stop_on_seed_violations(['loyalty_tiers']) %}

with tiers as (

    select
        trim(tier) as tier,
        cast(trim(threshold) as decimal(18, 2)) as threshold,
        trim(measure) as measure,
        {{ whole_number('points_expiry_days') }} as points_expiry_days

    from {{ ref('loyalty_tiers') }}

),

ranked as (

    select
        tier,
        cast(row_number() over (order by threshold nulls last) as int) as tier_rank,
        threshold,
        measure,
        points_expiry_days

    from tiers

)

select * from ranked
