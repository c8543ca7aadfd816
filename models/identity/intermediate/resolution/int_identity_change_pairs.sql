-- Grain: one row per profile whose customer changed in this run and profile on the other side: one that it was
-- joined with, or that stayed behind. One row without another side where none is left.
with moved as (

    select * from {{ ref('int_identity_moves') }}
    where previous_customer_id is not null

),

people as (

    select * from {{ ref('int_customer_identities') }}

),

remaining_customers as (

    select distinct customer_id from people

),

changes as (

    select
        moved.previous_customer_id as old_customer_id,
        moved.customer_id as new_customer_id,
        case when min(remaining.customer_id) is null then 'merge' else 'split' end as change,
        count(*) as profile_count

    from moved
    left join remaining_customers as remaining
        on moved.previous_customer_id = remaining.customer_id
    group by moved.previous_customer_id, moved.customer_id

),

movers as (

    select
        changes.*,
        people.profile_number as mover_number,
        people.profile_key as mover_key,
        people.profile_id as mover_id

    from changes
    -- A profile that is gone moves only in the registry.
    left join people
        on changes.old_customer_id = people.registered_customer_id
            and changes.new_customer_id = people.customer_id

),

counterparts as (

    select
        movers.*,
        people.profile_number as counterpart_number,
        people.profile_key as counterpart_key,
        people.profile_id as counterpart_id

    from movers
    left join people
        on movers.new_customer_id = people.customer_id
            and coalesce(people.registered_customer_id, '') <> movers.old_customer_id
    where movers.change = 'merge'

    union all

    select
        movers.*,
        people.profile_number as counterpart_number,
        people.profile_key as counterpart_key,
        people.profile_id as counterpart_id

    from movers
    left join people
        on movers.old_customer_id = people.registered_customer_id
            and movers.new_customer_id <> people.customer_id
    where movers.change = 'split'

)

select * from counterparts
