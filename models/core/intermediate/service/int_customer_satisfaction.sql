-- Grain: one row per customer who gave a score: how satisfied they are, and whether that is changing.
{%- set recent = within_window('scored_date', 365) %}
{%- set year_ago = days_before(as_of_date(), 365) %}
{%- set earlier = 'scored_date > ' ~ days_before(as_of_date(), 730) ~ ' and scored_date <= ' ~ year_ago %}
with scores as (

    select
        answers.*,
        -- All on the star scale, so that they can be averaged: NPS 0 to 10 becomes 1 to 5.
        case when answers.score_type = 'nps' then 1 + answers.score * 0.4 else answers.score end as stars,
        answers.score_type <> 'nps' and answers.score >= limits.good_score as is_good

    from {{ ref('int_satisfaction_scores') }} as answers
    cross join {{ ref('int_attribute_limits') }} as limits

),

-- The newest score that is not an NPS answer; of two at the same instant the worse.
newest as (

    select
        customer_id,
        score as latest_satisfaction_365d

    from (
        select
            customer_id,
            score,
            row_number() over (
                partition by customer_id
                order by scored_at desc, score asc nulls last, score_id asc
            ) as recency_rank
        from scores
        where score_type <> 'nps' and {{ recent }}
    ) as ranked
    where recency_rank = 1

),

totals as (

    select
        customer_id,
        min(score) filter (
            where score_type <> 'nps' and {{ within_window('scored_date', 90) }}
        ) as worst_satisfaction_90d,
        max(score) filter (where score_type = 'nps' and is_latest_of_type) as latest_nps_score,
        min(score) filter (where score_type = 'nps' and {{ within_window('scored_date', 90) }}) as lowest_nps_90d,
        count(*) filter (where is_good and {{ recent }}) as good_satisfaction_count_365d,
        avg(cast(score as double)) filter (where score_type <> 'nps' and {{ recent }}) as average_satisfaction_365d,
        count(*) filter (where score_type = 'review') as review_count,
        avg(cast(score as double)) filter (where score_type = 'review') as average_review_stars,
        avg(cast(stars as double)) filter (where {{ recent }}) as recent_stars,
        avg(cast(stars as double)) filter (where {{ earlier }}) as earlier_stars,
        count(*) filter (where {{ recent }} or ({{ earlier }})) as trend_score_count

    from scores
    group by customer_id

),

joined as (

    select
        totals.*,
        newest.latest_satisfaction_365d,
        case
            when totals.latest_nps_score >= limits.promoter_score then 'promoter'
            when totals.latest_nps_score >= limits.passive_score then 'passive'
            when totals.latest_nps_score >= 0 then 'detractor'
        end as nps_group,
        -- With only a few scores any difference would look like a trend, and a small difference is not one.
        case
            when
                totals.trend_score_count < limits.trend_score_count
                or totals.recent_stars is null or totals.earlier_stars is null
                then null
            when totals.recent_stars - totals.earlier_stars >= limits.trend_stars then 'improving'
            when totals.recent_stars - totals.earlier_stars <= -limits.trend_stars then 'worsening'
            else 'steady'
        end as satisfaction_trend

    from totals
    cross join {{ ref('int_attribute_limits') }} as limits
    left join newest
        on totals.customer_id = newest.customer_id

)

select * from joined
