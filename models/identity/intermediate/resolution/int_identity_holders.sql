-- Grain: one row per registered customer with any profile left: the profile that carries its id.
-- That is the profile it was named after; where that one is gone, the one known longest of the customer's others.
with profiles as (

    select * from {{ ref('int_identity_profiles') }}

),

registry as (

    {{ identity_registry_rows() }}

),

customers as (

    select distinct customer_id from registry

),

anchors as (

    select
        registry.profile_id as customer_id,
        registry.first_known_at,
        profiles.profile_number as anchor_number

    from registry
    inner join customers
        on registry.profile_id = customers.customer_id
    left join profiles
        on registry.profile_id = profiles.profile_id

),

others as (

    select
        registered_customer_id as customer_id,
        min(profile_number) as longest_known_number

    from profiles
    where registered_customer_id is not null
    group by registered_customer_id

),

holders as (

    select
        anchors.customer_id,
        anchors.first_known_at,
        coalesce(anchors.anchor_number, others.longest_known_number) as holder_number

    from anchors
    left join others
        on anchors.customer_id = others.customer_id

)

select * from holders
where holder_number is not null
