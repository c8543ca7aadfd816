-- Grain: one row per event on a browser that several people use, with the customer of its stretch of the visit.
{%- set in_order = 'order by occurred_at nulls last, instant_order, event_type, event_id' %}

with browsers as (

    select * from {{ ref('int_web_browsers') }}
    where is_shared

),

owners as (

    select * from {{ ref('int_web_identifier_owners') }}

),

-- A log-in counts as an event of the visit and identifies the person from there on.
visit_events as (

    select
        event_id,
        event_type,
        anonymous_id,
        case when user_id is not null then 'shop_customer_id' end as identifier_type,
        user_id as identifier_value,
        cast(null as {{ dbt.type_string() }}) as email,
        source_order_id,
        occurred_at

    from {{ ref('int_web_hits') }}
    where anonymous_id in (select browsers.anonymous_id from browsers)

    union all

    select
        event_id,
        'log_in' as event_type,
        anonymous_id,
        case when user_id is not null then 'shop_customer_id' else 'email' end as identifier_type,
        coalesce(user_id, email) as identifier_value,
        email,
        null as source_order_id,
        occurred_at

    from {{ ref('stg_web__identifies') }}
    where anonymous_id in (select browsers.anonymous_id from browsers)
        and occurred_at < {{ as_of_end() }}

),

identified as (

    select
        visit_events.*,
        limits.visit_gap_minutes,
        coalesce(owners.person_key, addressees.person_key, buyers.person_key) as person_key,
        case
            when owners.person_key is not null then owners.customer_id
            when addressees.person_key is not null then addressees.customer_id else buyers.customer_id
        end as owner_id,
        case
            when visit_events.event_type = 'log_in' then 0
            when coalesce(owners.person_key, addressees.person_key, buyers.person_key) is not null then 1
            else 2
        end as instant_order

    from visit_events
    cross join {{ ref('int_attribute_limits') }} as limits
    left join owners
        on visit_events.identifier_type = owners.identifier_type and visit_events.identifier_value = owners.identifier_value
    -- Where the account is a placeholder, the address beside it counts.
    left join owners as addressees on addressees.identifier_type = 'email' and visit_events.email = addressees.identifier_value
    left join owners as buyers on buyers.identifier_type = 'order' and visit_events.source_order_id = buyers.identifier_value

),

with_previous as (

    select
        *,
        lag(occurred_at) over (partition by anonymous_id {{ in_order }}) as previous_at

    from identified

),

visits as (

    select
        *,
        sum(
            case when {{ seconds_between('previous_at', 'occurred_at') }} <= visit_gap_minutes * 60 then 0 else 1 end
        ) over (partition by anonymous_id {{ in_order }}) as visit_number

    from with_previous

),

-- A stretch runs from one identification to the next; events before the first one belong to it.
stretches as (

    select
        *,
        greatest(count(person_key) over (partition by anonymous_id, visit_number {{ in_order }}), 1) as stretch_number

    from visits

),

attributed as (

    select
        event_id,
        event_type,
        max(owner_id) over (partition by anonymous_id, visit_number, stretch_number) as customer_id

    from stretches

)

select * from attributed
where event_type <> 'log_in'
