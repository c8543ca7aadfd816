-- Grain: one row per customer in care: a member of a segment for service recovery, or with an open complaint. Nothing is
-- sold to them on any channel.
with members as (

    select members.customer_id

    from {{ ref('int_segment_members') }} as members
    inner join {{ ref('int_segment_definitions') }} as definitions
        on members.segment_key = definitions.segment_key
    where definitions.is_service_recovery and definitions.effective_status = 'active'

),

complaints as (

    select customer_id from {{ ref('customer_features') }}
    where has_open_complaint

),

unioned as (

    select customer_id from members
    union
    select customer_id from complaints

)

select * from unioned
