-- Grain: one row per customer, channel and purpose that any statement is about, as of as_of_date.
with statements as (

    select * from {{ ref('int_consent_statements') }}

),

-- The newest statement decides; of two at the same instant, the one that permits less.
ranked as (

    select
        *,
        row_number() over (
            partition by customer_id, channel, purpose
            order by
                stated_at desc,
                case status when 'opted_in' then 3 when 'pending' then 2 else 1 end,
                statement_id asc
        ) as recency_rank

    from statements

),

deciding as (

    select
        customer_id,
        channel,
        purpose,
        status,
        status = 'opted_in' as is_opted_in,
        stated_at

    from ranked
    where recency_rank = 1

)

select * from deciding
