-- Grain: one row per active segment and customer of its sample: up to ten who are in it, up to ten who just miss it.
with features as (

    select * from {{ ref('customer_features') }}

),

candidates as (

    select
        segment_key,
        customer_id,
        'included' as sample,
        false as is_far

    from {{ ref('segment_memberships') }}

    union all

    select
        segment_key,
        customer_id,
        'near_miss' as sample,
        is_far

    from {{ ref('int_segment_near_misses') }}

),

ranked as (

    select
        candidates.segment_key,
        candidates.customer_id,
        candidates.sample,
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
