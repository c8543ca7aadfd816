-- Grain: one row per customer and selling segment that must not act on them now, because they need care first. Every match
-- stays a member.
with definitions as (

    select * from {{ ref('int_segment_definitions') }}

),

members as (

    select
        members.customer_id,
        members.segment_key,
        definitions.is_service_recovery,
        definitions.is_selling

    from {{ ref('int_segment_members') }} as members
    inner join definitions
        on members.segment_key = definitions.segment_key
    where definitions.effective_status = 'active'

),

complaints as (

    select customer_id from {{ ref('customer_features') }}
    where has_open_complaint

),

recovery as (

    select distinct customer_id
    from members
    where is_service_recovery

),

-- Where nobody can tell who has a complaint, anybody may have one, unless the risk owner signed that this is accepted.
unknown_complaints as (

    select attribute_name from {{ ref('attribute_catalogue') }}
    where attribute_name = 'has_open_complaint' and not is_available

),

waivers as (

    select segment_key from {{ ref('int_segment_approvals') }}
    where role = 'care_waiver' and changed_parts is null

),

held as (

    select
        members.customer_id,
        members.segment_key,
        case
            when complaints.customer_id is not null then 'open_complaint'
            when recovery.customer_id is not null then 'service_recovery'
            else 'complaints_unknown'
        end as held_back_for

    from members
    left join complaints
        on members.customer_id = complaints.customer_id
    left join recovery
        on members.customer_id = recovery.customer_id
    left join waivers
        on members.segment_key = waivers.segment_key
    left join unknown_complaints
        on waivers.segment_key is null
    where
        members.is_selling
        and coalesce(complaints.customer_id, recovery.customer_id, unknown_complaints.attribute_name) is not null

)

select * from held
