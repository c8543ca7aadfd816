-- Grain: one row per customer: topics and sentiment of what they wrote, and why they return goods.
with topics as (

    select * from {{ ref('feedback_topics') }}
    where customer_id is not null

),

feedback as (

    select
        customer_id,
        count(*) filter (where topic = 'product_quality') as product_quality_feedback_count_365d,
        count(*) filter (where topic = 'size_fit') as size_fit_feedback_count_365d,
        count(*) filter (where is_main_topic and sentiment = 'negative') as negative_feedback_count_365d

    from topics
    where {{ within_window('said_date', 365) }}
    group by customer_id

),

latest_tickets as (

    select
        customer_id,
        topic as latest_ticket_topic

    from (
        select
            topics.customer_id,
            topics.topic,
            row_number() over (
                partition by topics.customer_id
                order by tickets.created_at desc, topics.ticket_id desc
            ) as recency_rank
        from topics
        inner join {{ ref('int_tickets') }} as tickets
            on topics.ticket_id = tickets.ticket_id
        where topics.source = 'ticket' and topics.is_main_topic
    ) as ranked
    where recency_rank = 1

),

return_reasons as (

    select
        customer_id,
        reason_code,
        count(*) as return_count,
        max(returned_date) as last_date

    from {{ ref('returns') }}
    where
        customer_id is not null
        and reason_code <> 'unknown'
        and {{ within_window('returned_date', 365) }}
    group by customer_id, reason_code

),

main_reasons as (

    select
        customer_id,
        reason_code as main_return_reason_365d

    from (
        select
            *,
            row_number() over (
                partition by customer_id
                order by return_count desc, last_date desc, reason_code asc
            ) as reason_rank
        from return_reasons
    ) as ranked
    where reason_rank = 1

),

joined as (

    select
        spine.customer_id,
        feedback.product_quality_feedback_count_365d,
        feedback.size_fit_feedback_count_365d,
        feedback.negative_feedback_count_365d,
        latest_tickets.latest_ticket_topic,
        main_reasons.main_return_reason_365d

    from {{ ref('int_customer_spine') }} as spine
    left join feedback
        on spine.customer_id = feedback.customer_id
    left join latest_tickets
        on spine.customer_id = latest_tickets.customer_id
    left join main_reasons
        on spine.customer_id = main_reasons.customer_id

)

select * from joined
