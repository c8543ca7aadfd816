-- Grain: one row per customer with an address: the one e-mail and the one phone to use. Holds identifiers.
{{ config(schema='pii') }}

with profiles as (

    select * from {{ ref('int_identity_profiles') }}

),

-- Only values that stand for one person are here: none that is blocked, a relay address or shared by a crowd.
personal_values as (

    select * from {{ ref('int_identity_edges') }}

),

identities as (

    select * from {{ ref('int_customer_identities') }}

),

candidates as (

    select
        profile_key,
        source_system,
        first_seen_at,
        'email' as field,
        email as value
    from profiles
    where email is not null

    union all

    select
        profile_key,
        source_system,
        first_seen_at,
        'phone' as field,
        phone as value
    from profiles
    where phone is not null

),

trusted as (

    select
        identities.customer_id,
        candidates.field,
        candidates.value,
        candidates.first_seen_at,
        case candidates.source_system
            when 'crm' then 1
            when 'shopify' then 2
            when 'shopify_guest' then 3
            when 'loyalty' then 4
            when 'klaviyo' then 5
            when 'pos' then 6
        end as trust_rank

    from candidates
    inner join identities
        on candidates.profile_key = identities.profile_key
    inner join personal_values
        on
            candidates.profile_key = personal_values.profile_key
            and concat(candidates.field, ':', candidates.value) = personal_values.identifier

),

ranked as (

    select
        *,
        row_number() over (
            partition by customer_id, field
            order by trust_rank asc, first_seen_at desc, value asc
        ) as field_rank

    from trusted
    where trust_rank is not null

),

contacts as (

    select
        customer_id,
        max(value) filter (where field = 'email') as email,
        max(value) filter (where field = 'phone') as phone

    from ranked
    where field_rank = 1
    group by customer_id

)

select * from contacts
