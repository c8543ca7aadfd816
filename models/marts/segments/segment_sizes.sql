-- Grain: one row per evaluated segment and as_of_date, also where nobody is in it.
with definitions as (

    select * from {{ ref('int_segment_definitions') }}
    where effective_status = 'active'

),

memberships as (

    select * from {{ ref('segment_memberships') }}

),

sizes as (

    select
        {{ as_of_date() }} as as_of_date,
        definitions.segment_key,
        count(memberships.customer_id) as customer_count

    from definitions
    left join memberships
        on definitions.segment_key = memberships.segment_key
    group by definitions.segment_key

)

select * from sizes
