-- Grain: one row per address on any external list.
with members as (

    select * from {{ ref('int_external_list_members') }}

),

addresses as (

    select
        email,
        min(added_at) as added_at,
        min(first_known_at) as first_known_at

    from members
    group by email

)

select * from addresses
