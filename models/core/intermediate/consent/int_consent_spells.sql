-- Grain: one row per customer, statement, channel and purpose: from when to when it gives, or takes away, permission.
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

-- Where the newest statement wins across a person's profiles, the person is one contact point.
placed as (

    select distinct
        statements.*,
        case when statements.across_profiles = 'newest' then 'the person' else points.contact_point end as contact_point

    from statements
    inner join {{ ref('int_consent_contact_points') }} as points
        on statements.statement_id = points.statement_id

),

-- At one instant what permits less comes last, so that it is what stands.
followed as (

    select
        *,
        min(case when kind = 'opted_in' then stated_at end) over (
            partition by customer_id, channel, purpose, contact_point {{ later }}
        ) as given_again_at,
        min(case when kind not in ('opted_in', 'hard_bounce') then stated_at end) over (
            partition by customer_id, channel, purpose, contact_point {{ later }}
        ) as taken_at,
        min(case when kind <> 'hard_bounce' then stated_at end) over (
            partition by customer_id, channel, purpose, contact_point {{ later }}
        ) as followed_at,
        min(case when kind = 'opted_in' then stated_at end) over (
            partition by customer_id, channel, purpose {{ later }}
        ) as given_anywhere_at

    from placed

),

contacts as (

    select * from {{ ref('int_customer_contacts') }}

),

-- A statement holds until the first one that ends it under any contact point that both name.
ended as (

    select
        followed.customer_id,
        followed.statement_id,
        followed.channel,
        followed.purpose,
        followed.kind,
        followed.source_system,
        followed.stated_at,
        min(case
            when followed.kind = 'opted_in' then followed.taken_at
            when followed.kind = 'hard_bounce' and coalesce(followed.email <> contacts.email, false)
                then followed.given_anywhere_at
            -- Until it is answered, either way.
            when followed.kind in ('pending', 'unclear') then followed.followed_at
            else followed.given_again_at
        end) as ended_at

    from followed
    left join contacts
        on followed.customer_id = contacts.customer_id
    where
        followed.kind <> 'hard_bounce'
        or followed.hard_bounce_blocks = 'person'
        or coalesce(followed.email = contacts.email, true)
    group by
        followed.customer_id, followed.statement_id, followed.channel, followed.purpose, followed.kind,
        followed.source_system, followed.stated_at

),

spells as (

    select
        *,
        {{ business_date('stated_at') }} as valid_from,
        {{ business_date('ended_at') }} as valid_to

    from ended

)

select * from spells
