-- Grain: one row per profile of a known person: the customer it belongs to.
-- A person keeps the id in the registry; of several, the oldest. A new person's id comes from the profile known first,
-- so that the same evidence gives the same id in whatever order, and at once or day by day.
-- A person all of whose profiles were deleted is no customer any more, unless an order names the deleted account.
with profiles as (

    select * from {{ ref('int_identity_profiles') }}

),

people as (

    select * from {{ ref('int_identity_by_phone') }}

),

present as (

    select distinct people.person_number
    from people
    inner join profiles
        on people.profile_number = profiles.profile_number
    left join {{ ref('stg_shopify__orders') }} as orders
        on profiles.source_system = 'shopify'
            and profiles.source_profile_id = orders.source_customer_id
    where not profiles.is_deleted or orders.source_order_id is not null

),

registered as (

    select
        people.person_number,
        holders.customer_id,
        row_number() over (
            partition by people.person_number order by holders.first_known_at, holders.customer_id
        ) as age_rank

    from {{ ref('int_identity_holders') }} as holders
    inner join people
        on holders.holder_number = people.profile_number

),

identities as (

    select
        profiles.profile_number,
        people.person_number,
        profiles.profile_key,
        profiles.profile_id,
        profiles.source_system,
        profiles.source_profile_id,
        coalesce(registered.customer_id, founders.profile_id) as customer_id,
        profiles.registered_customer_id,
        profiles.first_known_at,
        profiles.first_seen_at

    from profiles
    inner join people
        on profiles.profile_number = people.profile_number
    inner join present
        on people.person_number = present.person_number
    -- Profiles are numbered by age, and a person has the smallest number.
    inner join profiles as founders
        on people.person_number = founders.profile_number
    left join registered
        on people.person_number = registered.person_number
            and registered.age_rank = 1

)

select * from identities
