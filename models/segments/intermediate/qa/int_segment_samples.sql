-- Grain: one row per active segment and customer of its sample: up to ten members and up to ten near misses, the
-- nearest and most valuable first. depends_on: {{ ref('int_segment_rule_errors') }}
with features as (

    {{ segment_features(members=ref('int_segment_matches')) }}

),

-- Read where a rule names a percentile.
percentiles as (  -- noqa: ST03

    select * from {{ ref('int_segment_percentiles') }}

),

near_misses as (
    {{ segment_near_misses_sql(10) }}

),

candidates as (

    select
        segment_key,
        customer_id,
        'included' as sample,
        false as is_far

    from {{ ref('int_segment_members') }}

    union all

    select
        segment_key,
        customer_id,
        'near_miss' as sample,
        is_far

    from near_misses

),

ranked as (

    select
        candidates.segment_key,
        candidates.customer_id,
        candidates.sample,
        candidates.is_far,
        features.contribution_margin,
        features.net_revenue,
        row_number() over (
            partition by candidates.segment_key, candidates.sample
            order by candidates.is_far, {{ segment_value_order() }}
        ) as sample_rank

    from candidates
    inner join features
        on candidates.customer_id = features.customer_id

),

chosen as (

    select * from ranked
    where sample_rank <= 10

)

select * from chosen
