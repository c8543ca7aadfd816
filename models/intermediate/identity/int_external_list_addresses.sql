-- Grain: one row per address on any external list.
with members as (

    select * from {{ ref('stg_external_lists__list_members') }}
    where email is not null

),

addresses as (

    select
        email,
        min(added_at) as added_at,
        min(known_at) as known_at

    from members
    group by email

)

select * from addresses
