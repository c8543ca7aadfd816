-- Grain: one row per customer with an order that counts in the RFM window.
with base as (

    select * from {{ ref('int_rfm_base') }}

),

cut_points as (

    select
        {{ cut_point_columns('recency_days') }},
        {{ cut_point_columns('frequency') }},
        {{ cut_point_columns('monetary') }}

    from {{ ref('rfm_cut_points') }}

),

scored as (

    select
        base.customer_id,
        base.recency_days,
        base.frequency,
        base.monetary,
        {{ score_by_cut_points('base.recency_days', 'cut_points.recency_days', reverse=true) }} as r_score,
        {{ score_by_cut_points('base.frequency', 'cut_points.frequency') }} as f_score,
        {{ score_by_cut_points('base.monetary', 'cut_points.monetary') }} as m_score

    from base
    cross join cut_points

),

named as (

    select
        scored.customer_id,
        {{ as_of_date() }} as as_of_date,
        cast(scored.recency_days as int) as recency_days,
        cast(scored.frequency as bigint) as frequency,
        cast(scored.monetary as decimal(18, 2)) as monetary,
        scored.r_score,
        scored.f_score,
        scored.m_score,
        rfm_groups.rfm_group

    from scored
    left join {{ ref('rfm_groups') }} as rfm_groups
        on scored.r_score = rfm_groups.r_score
            and scored.f_score = rfm_groups.f_score

)

select * from named
