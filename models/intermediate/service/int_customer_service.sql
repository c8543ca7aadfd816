-- Grain: one row per customer on as_of_date.
with spine as (

    select * from {{ ref('int_customer_spine') }}

),

tickets as (

    select * from {{ ref('int_tickets') }}

),

scores as (

    select * from {{ ref('int_satisfaction_scores') }}

),

ticket_totals as (

    select
        customer_id,
        count(*) filter (where is_open) as open_ticket_count,
        count(*) filter (where is_open and is_complaint) as open_complaint_count

    from tickets
    where customer_id is not null
    group by customer_id

),

score_totals as (

    select
        customer_id,
        min(score) filter (
            where score_type <> 'nps' and {{ within_window('scored_date', 90) }}
        ) as worst_satisfaction_90d,
        max(score) filter (
            where score_type = 'nps' and is_latest_of_type
        ) as latest_nps_score,
        min(score) filter (
            where score_type = 'nps' and {{ within_window('scored_date', 90) }}
        ) as lowest_nps_90d,
        count(*) filter (
            where score_type <> 'nps' and score >= 4 and {{ within_window('scored_date', 365) }}
        ) as good_satisfaction_count_365d

    from scores
    group by customer_id

),

joined as (

    select
        spine.customer_id,

        coalesce(ticket_totals.open_ticket_count, 0) as open_ticket_count,
        cast(score_totals.worst_satisfaction_90d as bigint) as worst_satisfaction_90d,
        cast(score_totals.latest_nps_score as bigint) as latest_nps_score,
        cast(score_totals.lowest_nps_90d as bigint) as lowest_nps_90d,
        coalesce(score_totals.good_satisfaction_count_365d, 0) as good_satisfaction_count_365d,

        coalesce(ticket_totals.open_ticket_count, 0) > 0 as has_open_issue,
        coalesce(ticket_totals.open_complaint_count, 0) > 0 as has_open_complaint

    from spine
    left join ticket_totals
        on spine.customer_id = ticket_totals.customer_id
    left join score_totals
        on spine.customer_id = score_totals.customer_id

)

select * from joined
