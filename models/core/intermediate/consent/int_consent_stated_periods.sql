-- Grain: one row per customer, statement, channel and purpose: the period in which it applies.
-- Holds addresses that bounced. Which bounces count is decided downstream, by the address in use.
{% do stop_on_seed_violations(['consent_rules', 'consent_signals']) %}
{%- set later = "order by stated_at, case when kind = 'opted_in' then 1 else 2 end, statement_id"
    ~ " rows between 1 following and unbounded following" %}
with statements as (

    select
        statements.*,
        subjects.customer_id,
        rules.across_profiles,
        rules.hard_bounce_blocks

    from {{ ref('int_consent_statements') }} as statements
    inner join {{ ref('int_consent_subjects') }} as subjects
        on statements.statement_id = subjects.statement_id
    inner join {{ ref('int_consent_rules') }} as rules
        on
            statements.channel = rules.channel
            and statements.purpose = rules.purpose

),

-- Where the newest statement wins across a person's profiles, the person counts as one contact point.
by_contact_point as (

    select distinct
        statements.*,
        case when statements.across_profiles = 'newest' then 'the person' else points.contact_point end as contact_point

    from statements
    inner join {{ ref('int_consent_contact_points') }} as points
        on statements.statement_id = points.statement_id

),

-- At the same instant the stricter statement comes last, so that it wins.
with_next as (

    select
        *,
        min(case when kind = 'opted_in' then stated_at end) over (
            partition by customer_id, channel, purpose, contact_point {{ later }}
        ) as given_again_at,
        min(case when kind not in ('opted_in', 'hard_bounce') then stated_at end) over (
            partition by customer_id, channel, purpose, contact_point {{ later }}
        ) as withdrawn_at,
        min(case when kind <> 'hard_bounce' then stated_at end) over (
            partition by customer_id, channel, purpose, contact_point {{ later }}
        ) as followed_at,
        min(case when kind = 'opted_in' then stated_at end) over (
            partition by customer_id, channel, purpose {{ later }}
        ) as given_anywhere_at

    from by_contact_point

),

-- A statement applies until the first later one that ends it under a contact point that both name.
ended as (

    select
        customer_id,
        statement_id,
        channel,
        purpose,
        kind,
        source_system,
        stated_at,
        case when kind = 'hard_bounce' then email end as bounced_email,
        hard_bounce_blocks,
        min(
            case
                when kind = 'opted_in' then withdrawn_at
                -- Until answered, either way.
                when kind in ('pending', 'unclear') then followed_at
                else given_again_at
            end
        ) as ended_at,
        min(given_anywhere_at) as given_anywhere_at

    from with_next
    group by
        customer_id, statement_id, channel, purpose, kind, source_system, stated_at, email, hard_bounce_blocks

),

periods as (

    select
        customer_id,
        statement_id,
        channel,
        purpose,
        kind,
        source_system,
        stated_at,
        bounced_email,
        hard_bounce_blocks,
        {{ business_date('stated_at') }} as valid_from,
        {{ business_date('ended_at') }} as valid_to,
        {{ business_date('given_anywhere_at') }} as given_anywhere_on

    from ended

)

select * from periods
